/*
 * Makes the board that is shown into the one that the stream tells of: rows and parts that changed, and nothing else.
 *
 * Each telling says from which version it leads to which. One that begins elsewhere is not for this page.
 */

import { merge } from "./merge.js";

const CSRF = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

const $ = (id) => document.getElementById(id);

/** applied · known (it is shown already) · unfit (ask for the snapshot) */
export function apply(told, chosen) {
  const state = $("state");
  if (told.scope !== state.dataset.scope) return "unfit";
  if (isKnown(told.to, state.dataset.version)) return "known";
  if (told.from !== state.dataset.version) return "unfit";
  for (const [id, html] of Object.entries(told.parts)) changePart(id, node(html), chosen);
  changeRows(told, chosen);
  state.dataset.version = told.to;
  state.dataset.now = told.now;
  return "applied";
}

/* A version is its process and a number that grows. */
function isKnown(to, shown) {
  const [[process, number], [ours, last]] = [to.split("-"), shown.split("-")];
  return process === ours && Number(number) <= Number(last);
}

function changePart(id, fresh, chosen) {
  const old = $(id);
  /* What the panel says while nothing is open. */
  if (!old || (id === "hint" && chosen)) return;
  for (const each of fresh.querySelectorAll(".needs-script")) each.hidden = false;
  for (const each of fresh.querySelectorAll("input[name=csrf_token]")) each.value = CSRF;
  mark(fresh, chosen);
  if (old.nodeName === fresh.nodeName) merge(old, fresh);
  else old.replaceWith(fresh);
}

function changeRows({ rows, gone, placed, order }, chosen) {
  const list = $("rows");
  for (const id of gone) $(`row-${id}`)?.remove();
  for (const [id, html] of Object.entries(rows)) changeRow(list, id, node(html), chosen);
  for (const [id, before] of placed) place(list, $(`row-${id}`), before === null ? null : $(`row-${before}`));
  if (order) {
    let before = null;
    for (const id of order) before = place(list, $(`row-${id}`), before);
  }
  list.hidden = !list.children.length;
}

function changeRow(list, id, fresh, chosen) {
  mark(fresh, chosen);
  const old = $(`row-${id}`);
  if (old && list.contains(old)) return merge(old, fresh);
  /* It may still stand among those closed lately. */
  old?.remove();
  return list.append(fresh);
}

function place(list, row, before) {
  const next = before ? before.nextElementSibling : list.firstElementChild;
  if (row !== next) list.insertBefore(row, next);
  return row;
}

function mark(fresh, chosen) {
  const row = chosen && fresh.querySelector(`a[data-alarm="${CSS.escape(chosen)}"].row-alarm`);
  if (row) row.setAttribute("aria-current", "true");
}

function node(html) {
  return document.adoptNode(new DOMParser().parseFromString(html, "text/html").body.firstElementChild);
}
