// Times as people say them; the exact one on hover.
import { $$ } from "./page.js";

const lang = document.documentElement.lang;
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const SOON = 4 * 3600;

/** "3h" or "−20m": how long until (or since) a promise. */
function left(seconds) {
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS[2];
  const style = { style: "unit", unit, unitDisplay: "narrow" };
  return new Intl.NumberFormat(lang, style).format(Math.trunc(seconds / size));
}

/** The hour today, the day otherwise. */
function moment(date) {
  const now = new Date();
  if (date.toDateString() === now.toDateString()) {
    return date.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
  }
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const form = { year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return date.toLocaleString(lang, form);
}

function colour(pill, seconds) {
  pill.classList.toggle("bad", seconds < 0);
  pill.classList.toggle("warn", seconds >= 0 && seconds <= SOON);
  pill.classList.toggle("calm", seconds > SOON);
}

export function tellTimes(root = document) {
  for (const time of $$("time[data-when], time[data-due]", root)) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const seconds = (date - Date.now()) / 1000;
    const isDue = "due" in time.dataset;
    time.title = date.toLocaleString(lang);
    time.textContent = isDue ? left(seconds) : moment(date);
    const pill = time.closest(".pill");
    if (isDue && pill) colour(pill, seconds);
  }
}

tellTimes();
setInterval(tellTimes, 30000);
