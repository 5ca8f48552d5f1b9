// What every page loads: htmx, live events, shortcuts, times that count on, toasts, buttons that wait.
import "htmx.org";
import { countTimes } from "./lib/times";
import { guardForms } from "./lib/forms";
import { listenForKeys } from "./lib/keys";
import { live } from "./lib/live";
import { settleToasts, toast } from "./lib/toasts";
import { t } from "./lib/words";

guardForms();
listenForKeys();
countTimes();
settleToasts();
live();
for (const button of document.querySelectorAll("[data-fullscreen]")) {
  button.addEventListener("click", () => void document.documentElement.requestFullscreen());
}

// An order that htmx has sent and that was refused is told where the reader looks; the page stays as it was.
document.addEventListener("htmx:response:error", (event) => {
  const ctx = (event as CustomEvent<{ ctx: { text?: string } }>).detail.ctx;
  const page = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
  toast(page.querySelector("[data-said]")?.getAttribute("data-said") ?? t("It did not work. Try again."), { wrong: true });
});
document.addEventListener("htmx:error", (event) => {
  // What fetches itself again says by the live sign that it stands still.
  if (!(event.target as Element).closest?.("[data-live]")) toast(t("The server does not answer."), { wrong: true });
});
