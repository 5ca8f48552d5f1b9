// Relative times go on counting, in the same words as the server's (times.py).
import { t } from "./words";

export function relative(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  const ahead = seconds > 0;
  const size = Math.abs(seconds);
  if (size >= 86400) {
    const n = Math.floor(size / 86400);
    return ahead ? t("in %(n)s d", { n }) : t("%(n)s d ago", { n });
  }
  if (size >= 3600) {
    const n = Math.floor(size / 3600);
    return ahead ? t("in %(n)s h", { n }) : t("%(n)s h ago", { n });
  }
  if (size >= 60) {
    const n = Math.floor(size / 60);
    return ahead ? t("in %(n)s min", { n }) : t("%(n)s min ago", { n });
  }
  return ahead ? t("in a moment") : t("just now");
}

// How far this machine's clock is from the server's: a stopwatch on a wall must not begin at minus two minutes.
let ahead = 0;

export function setServerTime(at: number): void {
  ahead = Date.now() - at;
}

export function serverNow(): number {
  return Date.now() - ahead;
}

export function clocked(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${two(minutes)}:${two(whole % 60)}`;
}

// `data-ago` is told anew twice a minute; `data-since` is a stopwatch and moves every second.
export function countTimes(): void {
  setInterval(() => {
    for (const each of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
      each.textContent = relative(Date.parse(each.dateTime), serverNow());
    }
  }, 30_000);
  setInterval(() => {
    for (const each of document.querySelectorAll<HTMLTimeElement>("time[data-since]")) {
      each.textContent = clocked((serverNow() - Date.parse(each.dateTime)) / 1000);
    }
  }, 1000);
}
