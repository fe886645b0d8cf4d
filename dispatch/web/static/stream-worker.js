/* One connection for all windows of this browser: over HTTP/1.1 six of them would block every other request. */

import { listen } from "./stream.js";

const ports = new Set();
let last = null;

self.addEventListener("connect", ({ ports: [port] }) => {
  ports.add(port);
  port.addEventListener("message", () => ports.delete(port));
  port.start();
  if (last) port.postMessage(last);
});

listen((told) => {
  /* What is news to whoever listens already is no more than a sign of life to a window that is opened later. */
  if (told.kind !== "tick") last = ["entry", "board"].includes(told.kind) ? { kind: "beat", data: null } : told;
  for (const port of ports) port.postMessage(told);
});
