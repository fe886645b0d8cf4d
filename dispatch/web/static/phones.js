/* The pretend phones, kept fresh: presses are sent and shown without leaving the page. Without this file: plain forms. */

import { merge } from "./merge.js";

const REFRESH_MS = 1000;
const refusal = document.getElementById("refusal");

async function refresh() {
  const answer = await fetch("/phones/live", { cache: "no-store", signal: AbortSignal.timeout(8000) });
  if (answer.redirected) location.reload();
  if (answer.ok) show(await answer.text());
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  merge(document.getElementById("live"), page.getElementById("live"));
}

async function submitted(event) {
  const form = event.target;
  if (!form.getAttribute("action")?.startsWith("/phones/")) return;
  event.preventDefault();
  const isTaken = await send(form.getAttribute("action"), new FormData(form, event.submitter));
  refusal.textContent = isTaken ? "" : refusal.dataset.unsent;
  refusal.hidden = isTaken;
  if (isTaken && form.matches(".own")) form.reset();
  await refresh();
}

async function send(address, body) {
  try {
    /* The answer leads back to the page, which is not needed: only that it was taken. */
    const answer = await fetch(address, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(8000) });
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}

async function again() {
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(again, REFRESH_MS);
}

addEventListener("submit", submitted);
setTimeout(again, REFRESH_MS);
