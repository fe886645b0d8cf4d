/*
 * Finding files from the board: what is typed goes to the search, and Enter opens the first answer.
 *
 * A file opens in a window of its own, so that the board goes on ringing; where the browser refuses, in this one.
 */

const WINDOW = "anling-file";

let asked = Promise.resolve([]);
let asking = null;
let heard = new WeakSet();

/** From now on what is typed into the field is looked for; `after` is called when the list is there. */
export function seekFiles(field, list, after) {
  list.replaceChildren();
  asked = Promise.resolve([]);
  if (heard.has(field)) return;
  heard.add(field);
  field.addEventListener("input", () => {
    asked = ask(field.value.trim());
    asked.then((found) => {
      if (!found) return;
      list.replaceChildren(...found.slice(0, 9).map(row));
      after();
    });
  });
}

/** Opens the first answer to what was typed last, once it is there; false where there is none. */
export async function bestFile() {
  const [first] = (await asked) ?? [];
  if (first) show(first.path);
  return Boolean(first);
}

/* Null for an answer that a later letter has overtaken. */
async function ask(typed) {
  asking?.abort();
  asking = new AbortController();
  if (!typed) return [];
  try {
    const answer = await fetch(`/api/v1/find?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
    return answer.ok ? (await answer.json()).items : [];
  } catch (error) {
    return error.name === "AbortError" ? null : [];
  }
}

function row(found) {
  const link = document.createElement("a");
  link.href = found.path;
  link.target = WINDOW;
  link.className = "button";
  link.textContent = [found.name || found.code, found.where, found.over ? "□" : ""].filter(Boolean).join(" · ");
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function show(path) {
  if (!window.open(path, WINDOW)) location.assign(path);
}
