/* The map as a page of its own; the list below it needs no script. */

import { DistrictMap } from "./map.js";

const EVERY_MS = 15000;
const map = new DistrictMap(document.getElementById("map"));
map.show();
setInterval(() => map.refresh(), EVERY_MS);
