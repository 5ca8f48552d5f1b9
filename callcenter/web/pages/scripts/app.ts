// What every page loads: htmx, live events, shortcuts, times that count on, toasts, buttons that wait.
import "htmx.org";
import { countRings } from "./lib/rings";
import { countTimes } from "./lib/times";
import { guardForms } from "./lib/forms";
import { listenForKeys } from "./lib/keys";
import { live } from "./lib/live";
import { settleToasts, toast } from "./lib/toasts";
import { t } from "./lib/words";

guardForms();
listenForKeys();
countTimes();
countRings();
settleToasts();
live();
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
for (const button of document.querySelectorAll("[data-fullscreen]")) {
  button.addEventListener("click", () => void document.documentElement.requestFullscreen());
}

// What htmx has asked for and was refused: the page stays as it was, and what the error page says is told in a
// toast. An answer that holds no error page, such as a form with its problems, is put where it belongs.
document.addEventListener("htmx:response:error", (event) => {
  const ctx = (event as CustomEvent<{ ctx: { text?: string } }>).detail.ctx;
  const said = new DOMParser().parseFromString(ctx.text ?? "", "text/html").querySelector("[data-said]");
  if (said) toast(said.getAttribute("data-said") || t("It did not work. Try again."), { wrong: true });
});
document.addEventListener("htmx:error", (event) => {
  // What fetches itself again says by the live sign that it stands still.
  if (!(event.target as Element).closest?.("[data-live]")) toast(t("The server does not answer."), { wrong: true });
});
