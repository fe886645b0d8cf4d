/*
 * One connection to the live channel, kept up for ever. Runs in the shared worker, or in the page where there is none.
 *
 * tell({kind, data}) with kind: open · entry · board (what has changed on it) · beat · reset · lost (the browser tries
 * again) · refused (no place, or signed out; tried again by ourselves) · tick (every second: a worker's clock goes on
 * while the page is in the background).
 */

const AGAIN_MS = 5000;
const DEAF_MS = 15000;

/** So long, or up to a third less: what every board would do in the same moment. */
export const spread = (mostMs) => mostMs * (1 - Math.random() / 3);

/** Listens and tells; never returns anything and never gives up. */
export function listen(tell) {
  let source = null;
  let heardMs = Date.now();

  function heard(kind) {
    return (event) => {
      heardMs = Date.now();
      tell({ kind, data: event.data ?? null });
    };
  }

  function open() {
    heardMs = Date.now();
    source = new EventSource("/api/v1/stream?board=1");
    source.addEventListener("open", heard("open"));
    for (const kind of ["entry", "board", "beat", "reset"]) source.addEventListener(kind, heard(kind));
    source.addEventListener("error", failed);
  }

  function failed() {
    if (source.readyState !== EventSource.CLOSED) return tell({ kind: "lost" });
    source = null;
    setTimeout(open, spread(AGAIN_MS));
    return tell({ kind: "refused" });
  }

  /* A line that is dead without saying so: opened anew. */
  function watch() {
    tell({ kind: "tick" });
    if (source && Date.now() - heardMs > DEAF_MS) {
      source.close();
      open();
    }
  }

  open();
  setInterval(watch, 1000);
}
