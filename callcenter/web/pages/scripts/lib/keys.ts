// Shortcuts: off while somebody types. `?` shows them; `g` and a letter goes to a place; `j k Enter` move in a list.
// A page adds its own: data-key="n" on a link or button, or onKey("m", ...) in its script.
const PATIENCE = 1200;
const own = new Map<string, () => void>();
let goes = 0;

export function onKey(key: string, act: () => void): void {
  own.set(key, act);
}

export function listenForKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") return leave(event.target as HTMLElement);
    if (isTyping(event.target as HTMLElement) || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-keys-help]")) button.addEventListener("click", help);
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target as Node)) menu.removeAttribute("open");
    }
  });
}

function act(key: string): boolean {
  if (performance.now() < goes) {
    goes = 0;
    return follow(`[data-go="${CSS.escape(key)}"]`);
  }
  if (key === "g") {
    goes = performance.now() + PATIENCE;
    return true;
  }
  if (key === "?") return help();
  if (key === "/") return focus("[data-search]");
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  if (key === "Enter" && document.activeElement === document.body) return follow("tr.is-here a");
  const mine = own.get(key);
  if (mine) {
    mine();
    return true;
  }
  return follow(`[data-key="${CSS.escape(key)}"]`);
}

function isTyping(target: HTMLElement): boolean {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function leave(target: HTMLElement): void {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  } else if (isTyping(target)) target.blur();
}

function help(): boolean {
  document.querySelector<HTMLDialogElement>("#keys")?.showModal();
  return true;
}

function follow(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.click();
  return found !== null;
}

function focus(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}

function move(step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  if (!rows.length) return false;
  const here = rows.findIndex((row) => row.classList.contains("is-here"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, here + step))];
  rows[here]?.classList.remove("is-here");
  next.classList.add("is-here");
  next.scrollIntoView({ block: "nearest" });
  const link = next.querySelector<HTMLElement>("a");
  link?.focus();
  return true;
}
