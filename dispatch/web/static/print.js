/* The button that prints; without a script the browser's own does. */

const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => print());
