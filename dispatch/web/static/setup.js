// While the wizard listens to a port, what was heard is looked up again every second; nothing that is typed moves.
// While the service begins anew, the page waits until it has gone and answers again. The page that asks for it stays and
// waits itself: a new one would ask the service that is just going for its script, and wait without it for ever.
"use strict";

const heard = document.getElementById("heard");

async function look() {
  const answer = await fetch("/setup?step=3", { credentials: "same-origin" });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("heard");
  if (!fresh) return false;
  heard.className = fresh.className;
  heard.replaceChildren(...fresh.childNodes);
  return fresh.dataset.listens === "1";
}

async function goOn() {
  let listens = true;
  try {
    listens = await look();
  } catch {
    // The service is away for a moment: looked up again.
  }
  if (listens) setTimeout(goOn, 1000);
}

if (heard && heard.dataset.listens === "1") setTimeout(goOn, 1000);

const LAST_STEP = "/setup?step=6";

async function comeBack(seconds, gone) {
  try {
    const answer = await fetch(LAST_STEP, {
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout(4000),
    });
    // The one that is about to go answers for a moment still: it is waited for until nobody answers.
    if (answer.ok && (gone || seconds > 20)) {
      location.replace(LAST_STEP);
      return;
    }
  } catch {
    gone = true;
  }
  setTimeout(() => comeBack(seconds + 1, gone), 1000);
}

async function beginAnew(event) {
  event.preventDefault();
  const form = event.target;
  const step = form.closest("section");
  form.querySelector("button").disabled = true;
  let said = "";
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", credentials: "same-origin", body });
    said = await answer.text();
  } catch {
    // It went before it had answered; should it never have heard us, the button is there again afterwards.
    comeBack(1, true);
    return;
  }
  const fresh = new DOMParser().parseFromString(said, "text/html").getElementById("waits");
  if (!fresh) {
    // Refused: asked as a browser without a script asks, which shows why.
    form.submit();
    return;
  }
  step.replaceChildren(...fresh.closest("section").childNodes);
  comeBack(1, false);
}

const restart = document.querySelector("form[action='/setup/restart']");
if (restart) restart.addEventListener("submit", beginAnew);
