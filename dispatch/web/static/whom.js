// Fields that name somebody offer who is meant while a name is typed; without this script a code or a whole name is typed.
"use strict";

(() => {
  const PAUSE_MS = 150;

  function offer(list, people) {
    list.replaceChildren(
      ...people.map(({ code, name }) => {
        const option = document.createElement("option");
        option.value = code;
        option.label = name;
        return option;
      }),
    );
  }

  async function ask(field) {
    const typed = field.value.trim();
    if (!typed) return;
    try {
      const answer = await fetch(`${field.dataset.whom}?q=${encodeURIComponent(typed)}`, { credentials: "same-origin" });
      // A later letter may have overtaken this answer.
      if (answer.ok && field.value.trim() === typed) offer(field.list, (await answer.json()).items);
    } catch {
      // The service is away for a moment: the field stays what it is, one to type into.
    }
  }

  for (const field of document.querySelectorAll("input[data-whom]")) {
    let waits = 0;
    field.addEventListener("input", () => {
      clearTimeout(waits);
      waits = setTimeout(() => ask(field), PAUSE_MS);
    });
  }
})();
