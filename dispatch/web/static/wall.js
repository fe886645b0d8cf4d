/* The wall with a script: live, and it says when it is not. */

import { skewOf, tick } from "./clocks.js";
import { Live } from "./live.js";
import { DistrictMap } from "./map.js";

const $ = (id) => document.getElementById(id);
let skewMs = skewOf($("state"));
const map = new DistrictMap($("map"));
const live = new Live(() => "/wall/live", merged, ticked);

function merged() {
  skewMs = skewOf($("state"));
  tick(document, skewMs);
  map.refresh();
}

function ticked(state) {
  const line = $("wall-line");
  const well = state === "online" || state === "polling";
  const text = well ? `● ${line.dataset.online}` : `✖ ${line.dataset.lost}`;
  if (line.textContent !== text) line.textContent = text;
  tick(document, skewMs);
}

map.show();
live.start();
