/*
 * The board with a script: live, loud and by keyboard. Without this file it can still be read and worked with forms.
 *
 * Nothing here makes HTML out of data: what is shown comes from the server's template, or goes in as text.
 */

import { Drafts, post, said } from "./acts.js";
import { span, tick } from "./clocks.js";
import { bestFile, seekFiles } from "./find.js";
import { Live } from "./live.js";
import { DistrictMap } from "./map.js";
import { Sound } from "./sound.js";

const RING_EVERY_MS = 4000;
const LOUDER_EVERY_MS = 30000;
const QUIET_AFTER_LOOK_MS = 60000;
const PRESENT_EVERY_MS = 15000;
const LOST_TONE_EVERY_MS = 5000;
const TOAST_MS = 6000;
const LOOK_FIRST_MS = 1500;
const LOOKED = "anling-looked";
const CONSOLE = "anling-console";
const DUTY = "anling-duty";

const $ = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = $("words").dataset;
const sound = new Sound();
const drafts = new Drafts();
const live = new Live(snapshot, merged, ticked, () => chosen);
const map = new DistrictMap($("map"), (id) => choose(id));

let chosen = new URLSearchParams(location.search).get("alarm");
let known = new Map(rows().map((row) => [row.dataset.alarm, row.dataset.waits]));
let faults = faultCount();
let called = new Set(ringing());
let firstSeen = new Map(all("#calls .call").map((card) => [card.id, 0]));
let armed = null;
let opener = null;
let rangMs = 0;
let lostToneMs = 0;
let presentMs = 0;
let skewMs = 0;

/* For tests and for whoever looks into the console: what was rung, and on which state. */
window.anling = {
  get rings() { return sound.rings; },
  get heard() { return sound.heard; },
  get line() { return live.state; },
};

// ------------------------------------------------------------------------------------------------ what is shown

function snapshot() {
  return chosen ? `/board/live?alarm=${encodeURIComponent(chosen)}` : "/board/live";
}

function rows() {
  return all("#rows [data-alarm]");
}

/* Calls that ring in at this moment, by their card. */
function ringing() {
  return all('#calls [data-ringing="1"]').map((card) => card.id);
}

function waiting() {
  return rows().filter((row) => row.dataset.waits === "1");
}

function merged() {
  const now = rows();
  const fresh = now.filter((row) => row.dataset.waits === "1" && known.get(row.dataset.alarm) !== "1");
  known = new Map(now.map((row) => [row.dataset.alarm, row.dataset.waits]));
  drafts.restore($("live"));
  setSkew();
  tickClocks();
  if (fresh.length) ring(fresh);
  seeCalls();
  const came = ringing().filter((id) => !called.has(id));
  called = new Set(ringing());
  if (came.length) tellCalls(came);
  if (faultCount() > faults) sound.fault();
  faults = faultCount();
  if ($("map-box").open) map.refresh();
  document.title = document.title.replace(/^(▲ \d+ )?/, waiting().length ? `▲ ${waiting().length} ` : "");
}

function ring(fresh) {
  const looked = readLooked();
  for (const row of fresh) delete looked[row.dataset.alarm];
  localStorage.setItem(LOOKED, JSON.stringify(looked));
  $("announce").replaceChildren(...fresh.map((row) => sentence(`${words.new}: ${row.dataset.say}`)));
  rangMs = Date.now();
  sound.urgent(0.5, true);
}

/* A person is on the line: as loud as an alarm, once. */
function tellCalls(ids) {
  $("announce").replaceChildren(...ids.map((id) => sentence($(id).dataset.say)));
  sound.urgent(0.5, true);
}

/* Judges the first call on the board; never one that slipped under the key a moment ago, or that asks which home. */
function judge(what) {
  const card = document.querySelector("#calls .call");
  const forms = card ? all(`form[action$="/${what}"]`, card) : [];
  if (!forms.length) return toast(words.nocall, true);
  if (Date.now() - (firstSeen.get(card.id) ?? 0) < LOOK_FIRST_MS) return toast(words.lookfirst, true);
  return forms.length === 1 ? forms[0].requestSubmit() : forms[0].querySelector("button").focus();
}

function seeCalls() {
  const cards = all("#calls .call").map((card) => card.id);
  firstSeen = new Map(cards.map((id) => [id, firstSeen.get(id) ?? Date.now()]));
}

function sentence(text) {
  const line = document.createElement("p");
  line.textContent = text;
  return line;
}

function setSkew() {
  skewMs = Date.parse($("state").dataset.now) - Date.now();
}

function tickClocks() {
  tick(document, skewMs, words.overdue);
}

function faultCount() {
  return all("#facts [data-fault]").reduce((sum, each) => sum + Number(each.dataset.fault), 0);
}

// ------------------------------------------------------------------------------------------------ every second

function ticked(state, quietMs) {
  showLine(state, quietMs);
  tickClocks();
  showSound();
  if (state === "lost") lostTone();
  ringOn();
  bePresent();
}

function showLine(state, quietMs) {
  const line = $("line");
  line.dataset.state = state;
  const since = words.seconds.replace("{n}", Math.floor(quietMs / 1000));
  line.querySelector(".mark").textContent = state === "online" ? "●" : "○";
  line.querySelector(".text").textContent = state === "online" ? `${words.online} ${since}` : words[state];
  show("lost", state === "lost" && !live.signedOut);
  show("polling", state === "polling");
  show("signed-out", live.signedOut);
  $("lost-for").textContent = since;
}

/* Only what changes is written: a role that speaks must not speak again every second. */
function show(id, isShown) {
  if ($(id).hidden === isShown) $(id).hidden = !isShown;
}

function lostTone() {
  if (Date.now() - lostToneMs < LOST_TONE_EVERY_MS) return;
  lostToneMs = Date.now();
  sound.lost();
}

function ringOn() {
  const looked = readLooked();
  const ringing = waiting().filter((row) => !isQuiet(row, looked[row.dataset.alarm]) && !isJustTaken(row));
  if (!ringing.length || Date.now() - rangMs < RING_EVERY_MS) return;
  rangMs = Date.now();
  const oldest = Math.min(...ringing.map((row) => Date.parse(row.dataset.raised)));
  const louder = Math.floor((Date.now() + skewMs - oldest) / LOUDER_EVERY_MS);
  sound.urgent(Math.min(1, 0.4 + 0.15 * louder));
}

/* Somebody is looking at it: quiet for a minute, unless it is pressed again. */
function isQuiet(row, look) {
  return Boolean(look) && look.presses === row.dataset.presses && Date.now() - look.at < QUIET_AFTER_LOOK_MS;
}

/* A colleague has just taken it: quiet for as long as if it were looked at here. */
function isJustTaken(row) {
  return isColleagues(row) && Date.now() + skewMs - Date.parse(row.dataset.heldSince) < QUIET_AFTER_LOOK_MS;
}

function readLooked() {
  try {
    return JSON.parse(localStorage.getItem(LOOKED)) ?? {};
  } catch {
    return {};
  }
}

function look(id) {
  const row = rows().find((each) => each.dataset.alarm === id);
  const open = new Set(rows().map((each) => each.dataset.alarm));
  const looked = Object.fromEntries(Object.entries(readLooked()).filter(([each]) => open.has(each)));
  if (row) looked[id] = { at: Date.now(), presses: row.dataset.presses };
  localStorage.setItem(LOOKED, JSON.stringify(looked));
}

// ------------------------------------------------------------------------------------------------ duty and sound

async function goOnDuty() {
  await sound.unlock();
  sound.test();
  openPanel($("panel-heard"));
  $("heard-yes").focus();
}

function heardIt() {
  closePanels();
  sound.onDuty = true;
  sound.lead();
  sessionStorage.setItem(DUTY, "1");
  presentMs = 0;
  showSound();
  bePresent();
}

/* After a reload the duty goes on; where the browser wants a click first, the whole width says so. */
async function goOn() {
  if (sessionStorage.getItem(DUTY) !== "1") return;
  await sound.unlock();
  sound.onDuty = true;
  sound.lead();
  showSound();
}

function showSound() {
  const state = $("sound-state");
  $("go-on-duty").hidden = sound.onDuty;
  state.hidden = !sound.onDuty;
  show("silent", sound.onDuty && !sound.running);
  if (!sound.onDuty) return;
  const [kind, text] = soundWords();
  state.dataset.state = kind;
  if (state.textContent !== text) state.textContent = text;
}

function soundWords() {
  if (!sound.running) return ["blocked", words.blocked];
  if (sound.muted) return ["muted", words.muted.replace("{time}", span(sound.mutedUntil - Date.now()))];
  return sound.leads ? ["on", words.sound] : ["other", words.other];
}

function bePresent() {
  if (!sound.onDuty || !sound.leads || Date.now() - presentMs < PRESENT_EVERY_MS) return;
  presentMs = Date.now();
  post("/api/v1/consoles", { console: consoleName(), sound: sound.heard }, "");
}

function consoleName() {
  let name = localStorage.getItem(CONSOLE);
  if (!name) {
    name = `console-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
    localStorage.setItem(CONSOLE, name);
  }
  return name;
}

// ------------------------------------------------------------------------------------------------ choosing

function choose(id) {
  chosen = id;
  armed = null;
  closePanels();
  history.replaceState(null, "", id ? `/board?alarm=${encodeURIComponent(id)}` : "/board");
  if (id) look(id);
  for (const row of all("#list [data-alarm]")) {
    if (row.dataset.alarm === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  return live.refresh(id ? "detail" : "").then(() => {
    $("detail").scrollTop = 0;
    if (matchMedia("(max-width: 719px)").matches) $("detail").scrollIntoView();
  });
}

/* The alarm that waits longest and that no colleague has; where they have them all, the longest of theirs is opened. */
function take() {
  const byAge = waiting().sort((a, b) => Date.parse(a.dataset.raised) - Date.parse(b.dataset.raised));
  const oldest = byAge.find((row) => !isColleagues(row)) ?? byAge[0];
  if (!oldest) return toast(words.none);
  const id = oldest.dataset.alarm;
  if (isColleagues(oldest)) toast(words.theirs);
  else claim(id);
  return choose(id);
}

function isColleagues(row) {
  return Boolean(row.dataset.held) && row.dataset.held !== `operator:${$("state").dataset.signed}`;
}

async function claim(id) {
  const refusal = await post(`/api/v1/alarms/${id}/take`, {}, words.unsent);
  if (refusal) toast(refusal, true);
  await live.refresh();
}

/* From a colleague, with a reason; where nobody has it there is nothing to ask. */
function takeOver() {
  if (!chosen) return toast(words.choose, true);
  const reason = document.querySelector("#detail .over input[name=reason]");
  if (reason) return reason.focus();
  return claim(chosen);
}

function askAll() {
  const form = document.querySelector("#detail form[data-everybody]");
  if (!form) return toast(words.choose, true);
  return form.requestSubmit();
}

function move(step) {
  const links = all("#list [data-alarm]");
  const here = links.indexOf(document.activeElement);
  const from = here >= 0 ? here : links.findIndex((each) => each.getAttribute("aria-current") === "true");
  links[Math.min(Math.max(from + step, 0), links.length - 1)]?.focus();
}

// ------------------------------------------------------------------------------------------------ panels

function panelOf(name) {
  return $(`panel-${name}`) ?? document.querySelector(`#detail [data-panel="${name}"]`);
}

/* Panels do not lock the rest of the board away: F2 must work while one is open. */
function openNamed(name) {
  const panel = panelOf(name);
  if (!panel) return toast(words.choose, true);
  if (name === "send") return arm(panel);
  if (name === "call" && panel.hasAttribute("data-open")) return nextCall(panel, 1);
  openPanel(panel);
  if (name === "call") return nextCall(panel, 0);
  panel.querySelector("input:not([type=hidden]), button")?.focus();
  return undefined;
}

function openPanel(panel) {
  closePanels();
  opener = document.activeElement;
  panel.setAttribute("data-open", "");
}

function closePanels() {
  if (armed) $("said").hidden = true;
  armed = null;
  const open = all("[data-open]");
  for (const panel of open) panel.removeAttribute("data-open");
  if (open.some((panel) => panel.contains(document.activeElement))) {
    if (opener?.isConnected) opener.focus();
    else document.activeElement.blur();
  }
}

function arm(panel) {
  openPanel(panel);
  /* Kept as they stand now: a list that changes between F4 and the digit must not send somebody else. */
  armed = { alarm: chosen, people: all(".candidates [data-person]", panel).map((each) => each.dataset.person) };
  panel.scrollIntoView({ block: "nearest" });
  toast(words.arm);
}

function send(number) {
  const { alarm, people } = armed;
  closePanels();
  const person = people[number - 1];
  if (!person) return toast(words.nobody, true);
  return act(`/api/v1/alarms/${alarm}/offer`, { person });
}

function nextCall(panel, step) {
  const calls = all("[data-call]", panel);
  if (!calls.length) return toast(words.nophone, true);
  const here = calls.findIndex((each) => each.hasAttribute("data-called"));
  const next = step ? (here + step) % calls.length : 0;
  for (const [index, each] of calls.entries()) each.toggleAttribute("data-called", index === next);
  return calls[next].querySelector("a").focus();
}

function pickOutcome(panel, number) {
  const outcome = panel.querySelector(`[data-digit="${number}"]`);
  if (!outcome) return;
  outcome.checked = true;
  outcome.focus();
}

// ------------------------------------------------------------------------------------------------ doing

async function act(address, body, form = null) {
  const refusal = await post(address, body, words.unsent);
  if (!refusal && form) drafts.forget(form);
  if (!refusal && form?.closest("[data-open]")) closePanels();
  toast(refusal ?? words.done, Boolean(refusal));
  await live.refresh();
}

async function submitted(event) {
  const form = event.target;
  if (form.id === "find-form") {
    event.preventDefault();
    /* An alarm that is open shows the file beside it, and comes first. */
    const alarm = $("found").querySelector("button");
    if (alarm) alarm.click();
    else bestFile().then((file) => file && closePanels());
  }
  if (!form.dataset.api) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  await act(form.dataset.api, wired(form), form);
  delete form.dataset.busy;
}

/* What a form says, in the types that the API has. */
function wired(form) {
  if (form.hasAttribute("data-everybody")) return { everybody: true };
  const body = said(form);
  for (const name of ["over", "done"]) if (name in body) body[name] = body[name] === "true";
  return body;
}

let toastTimer = 0;

function toast(text, isBad = false) {
  const box = $("said");
  box.textContent = text;
  box.classList.toggle("bad", isBad);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, TOAST_MS);
}

// ------------------------------------------------------------------------------------------------ finding

function find() {
  openPanel($("panel-find"));
  $("find").value = "";
  seekFiles($("find"), $("found-files"), showNone);
  showFound();
  $("find").focus();
}

function showFound() {
  const wanted = $("find").value.trim().toLowerCase().split(/\s+/);
  const links = all("#list [data-alarm]");
  const fits = links.filter((link) => wanted.every((word) => link.textContent.toLowerCase().includes(word)));
  $("found").replaceChildren(...fits.slice(0, 9).map(foundRow));
  showNone();
}

function showNone() {
  $("found-none").hidden = Boolean($("found").children.length || $("found-files").children.length);
}

function foundRow(link) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = ["cause", "where", "who"].map((part) => link.querySelector(`.${part}`).textContent.trim()).join(" · ");
  button.addEventListener("click", () => choose(link.dataset.alarm));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

// ------------------------------------------------------------------------------------------------ keys

const isTyping = (target) => target.matches?.("textarea, select, input:not([type=radio]):not([type=checkbox])");

/* By place on the keyboard (`code`), so that an input method in between changes nothing. */
function pressed(event) {
  if (event.isComposing || event.altKey || event.metaKey) return;
  const key = KEYS[(event.shiftKey ? "Shift+" : "") + (event.ctrlKey ? "Ctrl+" : "") + event.code];
  const isDone = key ? key(event) !== false : pressedDigit(event);
  if (isDone) event.preventDefault();
}

const KEYS = {
  F2: () => { take(); },
  "Shift+F2": () => { takeOver(); },
  "Shift+F4": () => { askAll(); },
  F4: () => openNamed("send"),
  F6: () => { judge("alarm"); },
  "Shift+F6": () => { judge("dismiss"); },
  F8: () => openNamed("close"),
  "Shift+F8": () => { sound.mute(); presentMs = 0; showSound(); },
  F9: () => openNamed("call"),
  "Shift+F9": () => openNamed("sheet"),
  "Ctrl+KeyK": find,
  Slash: ({ target }) => (isTyping(target) ? false : find()),
  "Shift+Slash": ({ target }) => (isTyping(target) ? false : openNamed("help")),
  "Ctrl+Enter": () => { keepNote(); },
  Escape: escape_,
  ArrowDown: (event) => arrow(event, 1),
  ArrowUp: (event) => arrow(event, -1),
  Enter: enter,
  NumpadEnter: enter,
};

function pressedDigit(event) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (!digit || event.ctrlKey || event.shiftKey || isTyping(event.target)) return false;
  if (armed) {
    send(Number(digit));
    return true;
  }
  const panel = document.querySelector('[data-panel="close"][data-open]');
  if (panel) pickOutcome(panel, digit);
  return Boolean(panel);
}

function arrow({ target }, step) {
  if (isTyping(target) || target.matches?.("input, summary") || document.querySelector(".panel[data-open]")) return false;
  move(step);
  return true;
}

function enter({ target }) {
  const panel = document.querySelector('[data-panel="close"][data-open]');
  if (!panel || target.matches?.("button, a")) return false;
  panel.querySelector("form").requestSubmit();
  return true;
}

function escape_() {
  if (document.querySelector("[data-open]")) return closePanels();
  document.activeElement?.blur();
  ($("list").querySelector('[aria-current="true"]') ?? $("list")).focus();
  return undefined;
}

function keepNote() {
  const note = document.querySelector("#detail form.note");
  if (!note) return toast(words.choose, true);
  return note.requestSubmit();
}

// ------------------------------------------------------------------------------------------------ clicks, and the start

function clicked(event) {
  const link = event.target.closest("a[data-alarm]");
  if (link && !event.ctrlKey && !event.shiftKey && !event.metaKey) {
    event.preventDefault();
    choose(link.dataset.alarm);
    return;
  }
  const button = event.target.closest("[data-opens]");
  if (button) openNamed(button.dataset.opens);
  if (event.target.closest("[data-closes]")) closePanels();
}

function begin() {
  document.body.classList.add("scripted");
  for (const each of all(".needs-script, .panel, #duty")) each.hidden = false;
  addEventListener("click", clicked);
  addEventListener("submit", submitted);
  addEventListener("keydown", pressed);
  $("map-box").addEventListener("toggle", () => { if ($("map-box").open) map.show(); });
  $("find").addEventListener("input", showFound);
  $("go-on-duty").addEventListener("click", goOnDuty);
  $("heard-yes").addEventListener("click", heardIt);
  $("heard-again").addEventListener("click", () => sound.unlock().then(() => sound.test()));
  $("sound-again").addEventListener("click", () => sound.unlock().then(() => sound.test()));
  $("sound-state").addEventListener("click", () => KEYS["Shift+F8"]());
  $("take").addEventListener("click", (event) => { event.preventDefault(); take(); event.stopPropagation(); });
  setSkew();
  tickClocks();
  goOn();
  if (chosen) look(chosen);
  live.start();
}

begin();
