// The console's comfort: keys, drafts, live patches. Every action also works as a plain form.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const lang = document.documentElement.lang;
const thread = $("main[data-number]");
const base = thread ? `/console/tickets/${thread.dataset.number}/` : "";

// --- times: relative to now, the exact one on hover -----------------------------------
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto", style: "short" });
function span(date) {
  const seconds = (date - Date.now()) / 1000;
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(0, "minute");
}
function tellTimes(root = document) {
  for (const time of $$("time[data-when], time[data-due]", root)) {
    const date = new Date(time.dateTime);
    if (isNaN(date)) continue;
    time.title = date.toLocaleString(lang);
    time.textContent = span(date);
    const pill = time.closest(".pill");
    if (pill && "due" in time.dataset) {
      pill.classList.toggle("bad", date < Date.now());
      pill.classList.toggle("calm", date - Date.now() > 4 * 3600e3 && !!time.closest("#rows"));
      pill.classList.toggle("warn", date > Date.now() && date - Date.now() <= 4 * 3600e3);
    }
  }
}
tellTimes();
setInterval(tellTimes, 30000);

// --- theme ------------------------------------------------------------------------------
for (const button of $$("[data-theme-switch]")) {
  const order = ["auto", "light", "dark"];
  const show = (theme) => { button.textContent = button.dataset[theme]; };
  let now = localStorage.getItem("theme") || "auto";
  show(now);
  button.addEventListener("click", () => {
    now = order[(order.indexOf(now) + 1) % 3];
    localStorage.setItem("theme", now);
    if (now === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    show(now);
  });
}

// --- composer: reply or note, drafts kept per ticket and mode ----------------------------
const composer = $("#composer");
const text = $("#text");
let keepDraft = () => {};
const draftKey = (mode) => `draft:${thread?.dataset.number}:${mode}`;
function setMode(mode, focus = true) {
  if (!composer) return;
  composer.dataset.mode = mode;
  composer.action = composer.dataset[mode];
  for (const tab of $$("[data-tab]", composer)) tab.setAttribute("aria-pressed", String(tab.dataset.tab === mode));
  const send = $("[data-send]", composer);
  $("span", send).textContent = send.dataset[mode];
  text.placeholder = text.dataset[mode];
  const kept = localStorage.getItem(draftKey(mode));
  if (kept !== null && !text.value) text.value = kept;
  if (focus) text.focus();
}
if (composer) {
  for (const tab of $$("[data-tab]", composer)) {
    tab.type = "button";
    tab.addEventListener("click", () => {
      keepDraft();
      text.value = localStorage.getItem(draftKey(tab.dataset.tab)) || "";
      setMode(tab.dataset.tab);
    });
  }
  keepDraft = () => {
    const key = draftKey(composer.dataset.mode);
    if (text.value.trim()) localStorage.setItem(key, text.value); else localStorage.removeItem(key);
    $("#draft").textContent = text.value.trim() ? $("#draft").dataset.saved : "";
  };
  let later;
  text.addEventListener("input", () => { clearTimeout(later); later = setTimeout(keepDraft, 400); });
  setMode(composer.dataset.mode, false);
  composer.addEventListener("submit", () => {
    clearTimeout(later);
    localStorage.removeItem(draftKey(composer.dataset.mode));
    $("[data-send]", composer).disabled = true;
  });
  $("[name=files]", composer).addEventListener("change", (event) => {
    $("#chosen").textContent = [...event.target.files].map((file) => file.name).join(", ");
  });
  const timeline = $("#timeline");
  timeline.scrollTop = timeline.scrollHeight;
}

// --- selects in the side panel act at once; formatted mails open in a sealed frame --------
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

// --- live: patch what is shown, never jump ------------------------------------------------
const news = $("[data-news]");
const waiting = new Set();
const view = $(".desk")?.dataset.view;
async function html(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
  return answer.status === 200 ? answer.text() : "";
}
function parsed(source) {
  const box = document.createElement("template");
  box.innerHTML = source;
  return box.content;
}
async function patchRow(id) {
  const fresh = parsed(await html(`/console/rows/${id}/?view=${view}`)).firstElementChild;
  const row = document.getElementById(`row-${id}`);
  if (row && fresh) {
    if (row.hasAttribute("aria-current")) fresh.setAttribute("aria-current", "true");
    if (row.classList.contains("chosen")) fresh.classList.add("chosen");
    fresh.classList.add("patched");
    row.replaceWith(fresh);
    tellTimes(fresh);
  } else if (row) row.classList.remove("unread");
  else if (fresh && news) {
    waiting.add(id);
    news.hidden = false;
    news.textContent = `${waiting.size} ${news.dataset.one}`;
  }
}
// One at a time: an older answer must never paint over a newer one.
let patching = null;
let again = false;
async function patchThread() {
  if (patching) { again = true; return; }
  do {
    again = false;
    patching = patchOnce();
    await patching.catch(() => {});
  } while (again);
  patching = null;
}
async function patchOnce() {
  const box = parsed(await html(`${base}live/`)).firstElementChild;
  if (!box) return;
  const timeline = $("#timeline");
  const atEnd = timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 80;
  for (const item of [...$("#live-items", box).content.children]) {
    const shown = document.getElementById(item.id);
    if (!shown) timeline.append(item);
    else if (shown.dataset.state !== item.dataset.state) shown.replaceWith(item);
  }
  $("#head").replaceChildren(...$("#live-head", box).content.childNodes);
  for (const seen of $$("input[name=seen]")) seen.value = box.dataset.seen;
  timeline.dataset.seen = box.dataset.seen;
  tellTimes(thread);
  if (atEnd) timeline.scrollTop = timeline.scrollHeight;
}
const due = new Map();
function soon(key, act) {
  clearTimeout(due.get(key));
  due.set(key, setTimeout(act, 120));
}
if ($(".desk[data-events]") && window.EventSource) {
  const stream = new EventSource($(".desk").dataset.events);
  stream.onmessage = (message) => {
    const event = JSON.parse(message.data);
    const [kind, id] = event.topic.split(":");
    if (kind !== "ticket") return;
    soon(`row${id}`, () => patchRow(Number(id)));
    if (thread?.dataset.topic === event.topic) soon("thread", patchThread);
  };
  stream.addEventListener("reset", () => { if (thread) patchThread(); });
  stream.onopen = () => document.documentElement.dataset.live = "on";
}
const csrf = () => $("#quick input[name=csrfmiddlewaretoken]").value;
async function sayHere() {
  if (!thread || document.hidden) return;
  const answer = await fetch(`${base}here/`, { method: "POST", headers: { "X-CSRFToken": csrf() } });
  if (!answer.ok) return;
  const { viewing } = await answer.json();
  const place = $("#viewing");
  if (place) place.textContent = viewing.length ? `${viewing.join(", ")} ${place.dataset.text}` : "";
}
sayHere();
setInterval(sayHere, 20000);

// --- keyboard -----------------------------------------------------------------------------
const sheet = $("#shortcuts");
const off = $("#keys-off");
if (off) {
  off.checked = localStorage.getItem("keys") === "off";
  off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
}
for (const button of $$("[data-shortcuts]")) button.addEventListener("click", () => sheet?.showModal());
function act(action, values) {
  if (!thread) return;
  const form = $("#quick");
  form.action = `${base}${action}/`;
  for (const [name, value] of Object.entries({ ...values, view })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  form.submit();
}
let place = $$("#rows > li[data-ticket]").findIndex((row) => row.hasAttribute("aria-current"));
function move(step) {
  const rows = $$("#rows > li[data-ticket]");
  if (!rows.length) return;
  place = Math.min(rows.length - 1, Math.max(0, place + step));
  for (const row of rows) row.classList.toggle("chosen", row === rows[place]);
  rows[place].scrollIntoView({ block: "nearest" });
  $("a.t", rows[place]).focus({ preventScroll: true });
}
const focusOn = (id) => { const field = document.getElementById(id); field?.focus(); field?.showPicker?.(); };
const keys = {
  j: () => move(1), k: () => move(-1),
  Enter: () => $("#rows li.chosen a.t")?.click(), o: () => $("#rows li.chosen a.t")?.click(),
  u: () => location.assign(`/console/views/${view}/`),
  r: () => setMode("reply"), n: () => setMode("note"),
  a: () => focusOn("f-agent"), i: () => act("take", {}), s: () => focusOn("f-status"), p: () => focusOn("f-priority"),
  t: () => document.getElementById("f-tags")?.focus(), h: () => focusOn("f-when"),
  e: () => act("status", { status: "solved", seen: $("#timeline")?.dataset.seen || "" }),
  "/": () => $("#search")?.focus(), "?": () => sheet?.showModal(),
};
let goes = 0;
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target === text) {
    event.preventDefault();
    composer.requestSubmit();
    return;
  }
  if (event.key === "Escape" && event.target.matches("input, textarea, select")) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || sheet?.open) return;
  if (event.target.matches("input, textarea, select, [contenteditable]")) return;
  if (localStorage.getItem("keys") === "off" && event.key !== "Enter") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (goes > Date.now() - 1500) {
    goes = 0;
    const link = $(`[data-go="${key.toUpperCase()}"]`);
    if (link) { event.preventDefault(); link.click(); return; }
  }
  if (key === "g") { goes = Date.now(); return; }
  if (key === "Enter" && event.target.matches("a, button, summary")) return;
  if (keys[key]) { event.preventDefault(); keys[key](); }
});
for (const toast of $$(".toast")) setTimeout(() => toast.remove(), toast.classList.contains("success") ? 5000 : 12000);
