// A page that waits for something asks again by itself, every so many seconds; never under somebody's hands.
"use strict";

(() => {
  const pause = Number(document.currentScript.dataset.seconds) * 1000;
  const main = document.getElementById("main");
  const isBusy = () => main.contains(document.activeElement) && document.activeElement !== main;

  async function look() {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return true;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (isBusy()) return true;
    main.replaceChildren(...fresh.getElementById("main").childNodes);
    return fresh.querySelector("script[data-seconds]") !== null;
  }

  async function goOn() {
    let waits = true;
    try {
      if (!isBusy()) waits = await look();
    } catch {
      // The service is away for a moment: asked again.
    }
    if (waits) setTimeout(goOn, pause);
  }

  setTimeout(goOn, pause);
})();
