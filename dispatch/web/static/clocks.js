/* Ages that count on between two looks at the service, by its clock and not by this computer's. */

export function skewOf(state) {
  return Date.parse(state.dataset.now) - Date.now();
}

export function tick(root, skewMs) {
  for (const clock of root.querySelectorAll(".clock[data-since]")) {
    clock.textContent = span(Date.now() + skewMs - Date.parse(clock.dataset.since));
  }
}

export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}
