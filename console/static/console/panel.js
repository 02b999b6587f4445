// Small comforts: selects that act at once, mails in sealed frames, theme, changes on or off.
import { $, $$, memory, partial } from "./page.js";
import { tellTimes } from "./times.js";

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-auto]")) event.target.form.requestSubmit();
});

document.addEventListener("toggle", (event) => {
  const box = event.target;
  if (!box.dataset?.frame || !box.open || $("iframe", box)) return;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  frame.title = $("summary", box).textContent;
  frame.src = box.dataset.frame;
  box.append(frame);
}, true);

// --- the queue's next page is added below ---------------------------------------------
document.addEventListener("click", async (event) => {
  const more = event.target.closest?.("a[data-more]");
  if (!more || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const page = await partial(more.href);
  if (!page) return location.assign(more.href);
  const next = [...$("#rows", page).children];
  more.closest("li").replaceWith(...next);
  next.forEach((row) => tellTimes(row));
  $("a.t", next[0])?.focus({ preventScroll: true });
});

// --- changes between messages can be hidden ---------------------------------------------
function showEvents() {
  const shown = memory.get("events") !== "off";
  $("#timeline")?.classList.toggle("no-events", !shown);
  $("[data-events-switch]")?.setAttribute("aria-pressed", String(shown));
}
export function toggleEvents() {
  memory.set("events", memory.get("events") === "off" ? "on" : "off");
  showEvents();
}
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-events-switch]")) toggleEvents();
});
document.addEventListener("patched", showEvents);
showEvents();

// --- theme --------------------------------------------------------------------------------
const THEMES = ["auto", "light", "dark"];
for (const button of $$("[data-theme-switch]")) {
  let theme = memory.get("theme") ?? "auto";
  const show = () => { button.textContent = button.dataset[theme]; };
  show();
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    memory.set("theme", theme);
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    show();
  });
}

for (const toast of $$(".toast:not(form)")) {
  setTimeout(() => toast.remove(), toast.classList.contains("success") ? 5000 : 12000);
}
