/* What is done to an alarm: every form goes to the API, and what was typed stays until the service has it. */

const CSRF = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Posts JSON; gives back nothing when it was done and the sentence of the refusal when it was not. */
export async function post(address, body, unsent) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": CSRF, "Idempotency-Key": randomKey() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    if (answer.ok) return null;
    const problem = await answer.json();
    return told(problem) || unsent;
  } catch {
    return unsent;
  }
}

/** What is wrong, with the sentence of each field: "please check" alone leaves people to guess what. */
function told(problem) {
  const detail = problem.detail === problem.title ? "" : problem.detail;
  return [problem.title, detail, ...sentences(problem.errors)].filter(Boolean).join(": ");
}

function sentences(errors) {
  if (typeof errors === "string") return [errors];
  return errors ? [...new Set(Object.values(errors).flatMap(sentences))] : [];
}

/** What a form says, as the API wants it: without what was left empty and without the token. */
export function said(form) {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]);
  return Object.fromEntries(fields.filter(([name, value]) => value && name !== "csrf_token"));
}

/** Remembers what is typed, by alarm, so that neither a refresh nor a look at another alarm loses it. */
export class Drafts {
  constructor() {
    this.kept = new Map();
    addEventListener("input", ({ target }) => {
      if (target.dataset?.draft) this.kept.set(target.dataset.draft, target.value);
    });
  }

  restore(root) {
    for (const field of root.querySelectorAll("[data-draft]")) {
      const draft = this.kept.get(field.dataset.draft);
      if (draft && field.value === "") field.value = draft;
    }
  }

  forget(form) {
    for (const field of form.querySelectorAll("[data-draft]")) {
      this.kept.delete(field.dataset.draft);
      field.value = "";
    }
  }
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}
