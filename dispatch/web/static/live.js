/*
 * The line to the service: whether it stands, what it says has changed, and the snapshot whenever that is in doubt.
 *
 * The snapshot is the truth. The stream tells a page that can apply them the changes since, and of every other page that
 * something happened, which then asks. No beat for 12 s: the whole width says so. At 30 s, or where there
 * is no place for one more stream, the snapshot is asked for every 5 s.
 */

import { apply } from "./apply.js";
import { merge } from "./merge.js";
import { listen, spread } from "./stream.js";

const LOST_MS = 12000;
const POLL_AFTER_MS = 30000;
/* So long at most between two questions, and two thirds of it at least: after a restart all boards begin together. */
const POLL_MS = 5000;
const REFRESH_MS = 18000;
const DEADLINE_MS = 8000;
/* Many things at once are shown together: no more than three snapshots a second from one board. */
const APART_MS = 300;
/* Something happened, and so long no change was told: asked for. */
const OWED_MS = 1500;

export class Live {
  /**
   * `address()` is where the snapshot is now; `merged()` is called after each, `ticked(state)` every second. `open()` is
   * the alarm beside the list, on a page that can apply changes.
   */
  constructor(address, merged, ticked, open = null) {
    this.address = address;
    this.open = open;
    this.owedMs = 0;
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
    this.share = spread(1);
  }

  start() {
    const hear = (told) => this.hear(told);
    try {
      /* One worker for what is seen in the same language with the same rights: what it hears is for all of them. */
      const name = `anling-${document.getElementById("state").dataset.scope ?? ""}`;
      const worker = new SharedWorker(new URL("stream-worker.js", import.meta.url), { type: "module", name });
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

  hear({ kind, data }) {
    if (kind === "tick") return this.tick();
    if (kind === "refused" || kind === "lost") {
      this.refused = kind === "refused";
      return this.tick();
    }
    this.heardOnce = true;
    this.refused = false;
    this.beatMs = Date.now();
    if (kind === "beat") return this.tick();
    if (!this.open || kind === "open" || kind === "reset") return kind === "board" ? undefined : this.soon();
    return kind === "board" ? this.change(JSON.parse(data)) : this.entry(JSON.parse(data));
  }

  /** An entry of the record: the changes that come of it are on their way; what is open is asked for. */
  entry({ alarm }) {
    this.owedMs ||= Date.now();
    if (alarm && alarm === this.open()) this.soon("detail");
  }

  change(told) {
    const done = apply(told, this.open());
    if (done !== "unfit") this.owedMs = 0;
    if (done === "unfit") this.soon();
    if (done === "applied") this.merged();
  }

  /** The first of many at once is asked for now, what follows in one go a moment later. */
  soon(part = "") {
    this.wanted = this.timer && this.wanted !== part ? "" : part;
    if (this.timer) return;
    const waitMs = this.askedMs + APART_MS - Date.now();
    if (waitMs <= 0) {
      this.refresh(part);
      return;
    }
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(this.wanted); }, Math.min(waitMs, APART_MS));
  }

  tick() {
    const now = Date.now();
    const isDeaf = now - this.beatMs > POLL_AFTER_MS || this.refused;
    const isOwed = this.owedMs && now - this.owedMs > OWED_MS;
    const isDue = now - this.askedMs > this.share * (isDeaf ? POLL_MS : REFRESH_MS);
    if ((isOwed || isDue) && !this.busy) {
      this.share = spread(1);
      this.refresh();
    }
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

  /** Asks for the snapshot, or for what is open alone; while one is under way the next waits for it, and is whole. */
  async refresh(part = "") {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.askedMs = Date.now();
    if (!part) this.owedMs = 0;
    try {
      await this.read(part);
    } catch {
      /* Told by `state`: a snapshot that does not come is not news. */
    }
    this.busy = false;
    if (this.again) {
      this.again = false;
      await this.refresh();
    }
  }

  async read(part) {
    const address = this.address();
    const headers = this.open ? { "If-None-Match": shownTag(part) } : {};
    const asked = part ? `${address}${address.includes("?") ? "&" : "?"}part=${part}` : address;
    const answer = await fetch(asked, { headers, cache: "no-store", signal: AbortSignal.timeout(DEADLINE_MS) });
    this.signedOut = answer.redirected || answer.status === 401;
    if (answer.status === 304) this.goodMs = Date.now();
    if (this.signedOut || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.goodMs = Date.now();
    if (address !== this.address()) {
      this.again = true;
      return;
    }
    for (const each of page.querySelectorAll(".needs-script")) each.hidden = false;
    if (part) {
      merge(document.getElementById(part), page.getElementById(part));
      document.getElementById("columns").classList.toggle("chosen", Boolean(page.querySelector(".alarm")));
      this.merged();
      return;
    }
    const facts = page.getElementById("facts");
    if (facts) {
      merge(document.getElementById("facts"), facts);
      facts.remove();
    }
    merge(document.getElementById("live"), page.getElementById("live"));
    this.merged();
  }
}

/* What this page shows, as the service would say it. */
function shownTag(part) {
  const tag = document.getElementById("detail").dataset.tag;
  return part ? `"${tag}"` : `"${document.getElementById("state").dataset.version}.${tag}"`;
}
