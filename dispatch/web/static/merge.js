/*
 * Makes a part of the page like a fresh one from the server, touching only what differs: what has the keyboard, what was
 * typed, opened or scrolled stays. Elements are told apart by their id.
 */

/* Attributes that belong to the person in front of the page and not to the server. */
const OURS = new Set(["open", "data-open", "data-called", "data-busy"]);

/** Changes `old` until it says what `fresh` says. */
export function merge(old, fresh) {
  const focused = document.activeElement?.id;
  mergeNode(old, fresh);
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function mergeNode(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  mergeAttributes(old, fresh);
  const isOurs = old.nodeName === "TEXTAREA" || old.classList.contains("clock");
  if (!isOurs) mergeChildren(old, fresh);
}

function mergeAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !OURS.has(name)) old.setAttribute(name, value);
  }
}

function mergeChildren(old, fresh) {
  const named = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = wanted.id ? named.get(wanted.id) : fits(place, wanted) ? place : null;
    if (!found || found.nodeName !== wanted.nodeName) {
      old.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else old.insertBefore(found, place);
    mergeNode(found, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function fits(place, wanted) {
  return place !== null && !place.id && place.nodeName === wanted.nodeName;
}
