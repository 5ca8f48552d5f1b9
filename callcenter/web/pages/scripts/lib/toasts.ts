// What happened, told at the foot of the page: eight seconds with an undo, five without, longer under the pointer.
const SECONDS = { undo: 8, plain: 5 };

export function toast(words: string, { wrong = false } = {}): void {
  const made = document.createElement("div");
  made.className = wrong ? "toast is-wrong" : "toast";
  made.dataset.toast = "";
  made.append(document.createTextNode(words));
  document.getElementById("toasts")?.append(made);
  settle(made);
}

export function settleToasts(): void {
  for (const each of document.querySelectorAll<HTMLElement>("[data-toast]")) settle(each);
}

function settle(each: HTMLElement): void {
  const seconds = each.querySelector("form") ? SECONDS.undo : SECONDS.plain;
  let timer = setTimeout(() => each.remove(), seconds * 1000);
  each.addEventListener("pointerenter", () => clearTimeout(timer));
  each.addEventListener("focusin", () => clearTimeout(timer));
  each.addEventListener("pointerleave", () => {
    timer = setTimeout(() => each.remove(), 2000);
  });
}
