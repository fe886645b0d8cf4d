/* Ages, and what is left until something is due, between two looks at the service: by its clock, not this computer's. */

export function skewOf(state) {
  return Date.parse(state.dataset.now) - Date.now();
}

export function tick(root, skewMs, overdue = "") {
  const now = Date.now() + skewMs;
  for (const clock of root.querySelectorAll(".clock[data-since]")) {
    clock.textContent = span(now - Date.parse(clock.dataset.since));
  }
  for (const clock of root.querySelectorAll(".clock[data-until]")) {
    const left = Date.parse(clock.dataset.until) - now;
    clock.textContent = left > 0 ? span(left) : overdue;
    clock.classList.toggle("overdue", left <= 0);
  }
}

export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}
