// Single keys, outside of fields and of an input method's composition; one switch turns them off.
import { $, $$, base, memory, thread, view } from "./page.js";
import { sendFrom, write, writeTo } from "./composer.js";
import { toggleEvents } from "./panel.js";
import { takeBack } from "./undo.js";

const sheet = $("#shortcuts");
const FIELDS = "input, textarea, select, [contenteditable]";
let wentAt = 0;

const rows = () => $$("#rows > li[data-ticket], [data-rows] > tr:has(a.t)");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const chosen = all.findIndex((row) => row.classList.contains("chosen"));
  const open = all.findIndex((row) => row.hasAttribute("aria-current"));
  const from = chosen >= 0 ? chosen : open;
  const row = all[Math.min(all.length - 1, Math.max(0, from + step))];
  for (const each of all) each.classList.toggle("chosen", each === row);
  row.scrollIntoView({ block: "nearest" });
  $("a.t", row).focus({ preventScroll: true });
}

function choose(id) {
  const field = document.getElementById(id);
  field?.focus();
  try { field?.showPicker?.(); } catch { /* focus is enough */ }
}

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

const openChosen = () => $(".chosen a.t")?.click();

/** A page's own keys: of the chosen row, or of what the page has only one of. */
function actHere(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const alone = $$(`main ${wanted}`);
  const target = $(`.chosen ${wanted}`) ?? (alone.length === 1 ? alone[0] : null);
  if (target?.matches(FIELDS)) target.focus();
  else target?.click();
  return Boolean(target);
}

const bindings = {
  j: () => move(1),
  k: () => move(-1),
  Enter: openChosen,
  o: openChosen,
  u: () => location.assign(`/console/views/${view}/`),
  r: () => write("reply"),
  n: () => write("note"),
  f: () => write("forward"),
  c: writeTo,
  z: takeBack,
  a: () => choose("f-assign"),
  i: () => act("take", {}),
  s: () => choose("f-status"),
  p: () => choose("f-priority"),
  t: () => choose("f-tags"),
  h: () => choose("f-when"),
  e: () => act("status", { status: "solved", seen: $("#timeline").dataset.seen }),
  ".": toggleEvents,
  "/": () => $("#search").focus(),
  "?": () => sheet?.showModal(),
};

/** G, then the letter of a view. */
function goTo(key) {
  const isSecond = Date.now() - wentAt < 1500;
  wentAt = key === "g" && !isSecond ? Date.now() : 0;
  const link = isSecond && $(`[data-go="${key.toUpperCase()}"]`);
  if (link) link.click();
  return Boolean(link);
}

function pressed(event) {
  if (event.isComposing || event.keyCode === 229) return;
  const modified = event.ctrlKey || event.metaKey;
  if (modified && event.key === "Enter") {
    sendFrom(event.target);
    return;
  }
  const inField = event.target.matches(FIELDS);
  if (event.key === "Escape" && inField) event.target.blur();
  if (modified || event.altKey || inField || sheet?.open) return;
  if (memory.get("keys") === "off") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "Enter" && event.target.matches("a, button, summary")) return;
  if (goTo(key) || actHere(key)) event.preventDefault();
  else if (Object.hasOwn(bindings, key)) {
    event.preventDefault();
    bindings[key]();
  }
}

document.addEventListener("keydown", pressed);
for (const button of $$("[data-shortcuts]")) {
  button.addEventListener("click", () => sheet.showModal());
}
const off = $("#keys-off");
if (off) {
  off.checked = memory.get("keys") === "off";
  off.addEventListener("change", () => memory.set("keys", off.checked ? "off" : "on"));
}
