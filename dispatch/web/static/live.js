/*
 * The line to the service: whether it stands, and the snapshot whenever something happened.
 *
 * The stream is a hint and the snapshot is the truth. No beat for 12 s: the whole width says so. At 30 s, or where there
 * is no place for one more stream, the snapshot is asked for every 5 s.
 */

import { merge } from "./merge.js";
import { listen } from "./stream.js";

const LOST_MS = 12000;
const POLL_AFTER_MS = 30000;
const POLL_MS = 5000;
const REFRESH_MS = 15000;
const DEADLINE_MS = 8000;
/* Many things at once are shown together: no more than three snapshots a second from one board. */
const APART_MS = 300;

export class Live {
  /** `address()` is where the snapshot is now; `merged()` is called after each, `ticked(state)` every second. */
  constructor(address, merged, ticked) {
    this.address = address;
    this.merged = merged;
    this.ticked = ticked;
    this.beatMs = Date.now();
    this.goodMs = Date.now();
    this.askedMs = Date.now();
    this.heardOnce = false;
    this.refused = false;
    this.signedOut = false;
    this.busy = false;
    this.again = false;
    this.timer = 0;
  }

  start() {
    const hear = (told) => this.hear(told);
    try {
      const worker = new SharedWorker(new URL("stream-worker.js", import.meta.url), { type: "module", name: "anling" });
      worker.port.onmessage = ({ data }) => hear(data);
      worker.addEventListener("error", () => listen(hear));
      addEventListener("pagehide", () => worker.port.postMessage("bye"));
    } catch {
      listen(hear);
    }
    /* A page brought back by the Back key has said goodbye to the worker. */
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    setInterval(() => this.tick(), 1000);
  }

  hear({ kind }) {
    if (kind === "tick") return this.tick();
    if (kind === "refused" || kind === "lost") {
      this.refused = kind === "refused";
      return this.tick();
    }
    this.heardOnce = true;
    this.refused = false;
    this.beatMs = Date.now();
    return kind === "beat" ? this.tick() : this.soon();
  }

  /** The first of many at once is asked for now, what follows in one go a moment later. */
  soon() {
    if (this.timer) return;
    const waitMs = this.askedMs + APART_MS - Date.now();
    if (waitMs <= 0) {
      this.refresh();
      return;
    }
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, Math.min(waitMs, APART_MS));
  }

  tick() {
    const now = Date.now();
    const isDeaf = now - this.beatMs > POLL_AFTER_MS || this.refused;
    if (now - this.askedMs > (isDeaf ? POLL_MS : REFRESH_MS) && !this.busy) this.refresh();
    this.ticked(this.state, now - this.beatMs);
  }

  /** connecting · online · polling · lost */
  get state() {
    const now = Date.now();
    const isQuiet = now - this.beatMs > LOST_MS || this.refused;
    if (!isQuiet) return this.heardOnce ? "online" : "connecting";
    const isPolling = now - this.goodMs < LOST_MS && (this.refused || now - this.beatMs > POLL_AFTER_MS);
    if (isPolling) return "polling";
    return now - Math.max(this.beatMs, this.goodMs) > LOST_MS || !this.refused ? "lost" : "connecting";
  }

  /** Asks for the snapshot; while one is under way the next waits for it. */
  async refresh() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.askedMs = Date.now();
    try {
      await this.read();
    } catch {
      /* Told by `state`: a snapshot that does not come is not news. */
    }
    this.busy = false;
    if (this.again) {
      this.again = false;
      await this.refresh();
    }
  }

  async read() {
    const address = this.address();
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(DEADLINE_MS) });
    this.signedOut = answer.redirected || answer.status === 401;
    if (this.signedOut || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.goodMs = Date.now();
    if (address !== this.address()) {
      this.again = true;
      return;
    }
    for (const each of page.querySelectorAll(".needs-script")) each.hidden = false;
    const facts = page.getElementById("facts");
    if (facts) {
      merge(document.getElementById("facts"), facts);
      facts.remove();
    }
    merge(document.getElementById("live"), page.getElementById("live"));
    this.merged();
  }
}
