// The rings of an offer, counted before the agent's eyes: since the carrier's stamp, by the line's cadence.
export function countRings(): void {
  setInterval(() => {
    for (const mark of document.querySelectorAll<HTMLElement>("[data-rings][data-from]")) show(mark);
  }, 250);
}

function show(mark: HTMLElement): void {
  const seconds = (Date.now() - Date.parse(mark.dataset.from || "")) / 1000;
  const rings = Math.max(1, Math.ceil(seconds / Number(mark.dataset.cycle)));
  const late = rings > Number(mark.dataset.target);
  mark.querySelectorAll("i").forEach((dot, at) => dot.classList.toggle("is-full", at < rings));
  mark.classList.toggle("is-late", late);
  const number = mark.querySelector("b");
  if (number) {
    number.hidden = !late;
    number.textContent = String(rings);
  }
}
