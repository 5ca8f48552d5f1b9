// A form that was sent waits: its buttons do nothing until the answer is there (data-again: it leads to a file, not
// to a page, and may be sent again). Filters apply as they are chosen.
export function guardForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "dialog" || form.dataset.again !== undefined || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    if (form.hasAttribute("data-filters")) dropEmpty(form);
  });
  // A page that comes back from the browser's memory has its buttons again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    }
  });
  document.addEventListener("change", (event) => {
    const changed = event.target as HTMLElement;
    const form = changed.closest<HTMLFormElement>("form[data-filters]");
    if (form && changed instanceof HTMLSelectElement) form.requestSubmit();
  });
}

// Addresses with filters are shared: what is not asked is not in them.
function dropEmpty(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
    if (!field.value) field.disabled = true;
  }
  setTimeout(() => {
    for (const field of form.querySelectorAll<HTMLInputElement>(":disabled")) field.disabled = false;
  });
}
