// While the wizard listens to a port, what was heard is looked up again every second; nothing that is typed moves.
// While the service begins anew, the page waits until it has gone and answers again.
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

async function comeBack(seconds, gone) {
  try {
    await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(4000) });
    // The one that is about to go answers for a moment still: it is waited for until nobody answers.
    if (gone || seconds > 20) {
      location.replace("/setup?step=6");
      return;
    }
  } catch {
    gone = true;
  }
  setTimeout(() => comeBack(seconds + 1, gone), 1000);
}

if (document.getElementById("waits")) setTimeout(() => comeBack(1, false), 300);
