/* The page of one alarm: its clocks go on while it is open. Everything else on it is as of when it was loaded. */

import { skewOf, tick } from "./clocks.js";

const state = document.getElementById("state");
const skewMs = skewOf(state);
const goOn = () => tick(document, skewMs, state.dataset.overdue);

goOn();
setInterval(goOn, 1000);
