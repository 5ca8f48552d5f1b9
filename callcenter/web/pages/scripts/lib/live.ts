// Live events: one stream a page. What has changed is fetched again by whatever says so:
//   <section hx-get="/wallboard/now" hx-trigger="refresh" data-live="queue agent call">
// The server's beat says how fresh the feed is; without one, the page says since when its data stands.
import htmx from "htmx.org";
import { setServerTime } from "./times";
import { t } from "./words";

const STALE = 12_000;
const HIDDEN = 60_000;
const PAUSE = 1000;
const due = new Map<Element, number>();
let source: EventSource | null = null;
let fresh = 0;
let heard = 0;

export const TYPES = ["hello", "beat", "call", "queue", "agent", "ticket", "callback", "callback_failed", "offer", "promise", "alert"];

export function live(): void {
  if (!document.querySelector("[data-live], [data-live-listen]")) return;
  connect();
  setInterval(tell, 1000);
  tell();
  // A browser opens six streams to a server, whatever the number of tabs: one that nobody looks at lets go,
  // except where it rings.
  if (document.body.dataset.liveAlways === undefined) {
    let timer = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (document.hidden) timer = window.setTimeout(() => disconnect(), HIDDEN);
      else if (!source) connect();
    });
  }
}

function connect(): void {
  source = new EventSource("/live");
  for (const type of TYPES) source.addEventListener(type, (event) => hear(type, event as MessageEvent<string>));
  source.addEventListener("signed_out", () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`));
  // A stream that was refused outright does not come back by itself.
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) {
      disconnect();
      setTimeout(() => { if (!source) connect(); }, 5000);
    }
  });
}

function disconnect(): void {
  source?.close();
  source = null;
}

function hear(type: string, event: MessageEvent<string>): void {
  const told = JSON.parse(event.data) as { read_at?: string; at?: string; type?: string; id?: string };
  heard = performance.now();
  if (told.at) setServerTime(Date.parse(told.at));
  fresh = Date.now() - (told.read_at && told.at ? Date.parse(told.at) - Date.parse(told.read_at) : 0);
  document.dispatchEvent(new CustomEvent("live", { detail: { type, id: told.id ?? "" } }));
  if (type !== "beat") {
    for (const each of document.querySelectorAll<HTMLElement>("[data-live]")) {
      if (type === "hello" || each.dataset.live?.split(" ").includes(type)) refreshSoon(each);
    }
  }
  tell();
}

// At once, and then once a second at most: a hundred hints are one look.
function refreshSoon(each: Element): void {
  if (due.has(each)) return;
  due.set(each, window.setTimeout(() => {
    due.delete(each);
    htmx.trigger(each as HTMLElement, "refresh");
  }, PAUSE));
}

function tell(): void {
  const sign = document.getElementById("live");
  const words = sign?.querySelector("[data-words]");
  if (!sign || !words) return;
  const stale = heard === 0 ? performance.now() > STALE : performance.now() - heard > STALE || Date.now() - fresh > STALE;
  const since = fresh ? new Date(fresh).toLocaleTimeString("en-GB") : "--:--:--";
  const said = heard === 0 && !stale ? t("connecting") : stale ? t("data since %(time)s", { time: since }) : t("live");
  sign.hidden = false;
  sign.classList.toggle("is-stale", stale);
  document.body.classList.toggle("is-stale", stale);
  if (words.textContent !== said) words.textContent = said;
  for (const each of document.querySelectorAll<HTMLElement>("[data-stale]")) {
    each.hidden = !stale;
    if (stale && each.textContent !== said) each.textContent = said;
  }
}
