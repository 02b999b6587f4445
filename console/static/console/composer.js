// Reply or note: the mode is told by colour, word and button; drafts are kept for each.
import { $, $$, memory, thread } from "./page.js";

const composer = $("#composer");
const text = $("#text");
const key = (mode) => `draft:${thread.dataset.number}:${mode}`;

function keep() {
  const kept = text.value.trim();
  if (kept) memory.set(key(composer.dataset.mode), text.value);
  else memory.drop(key(composer.dataset.mode));
  $("#draft").textContent = kept ? $("#draft").dataset.saved : "";
}

function show(mode) {
  composer.dataset.mode = mode;
  composer.action = composer.dataset[mode];
  for (const tab of $$("[data-tab]", composer)) {
    tab.setAttribute("aria-pressed", String(tab.dataset.tab === mode));
  }
  const send = $("[data-send]", composer);
  $("span", send).textContent = send.dataset[mode];
  text.placeholder = text.dataset[mode];
  if (!text.value) text.value = memory.get(key(mode)) ?? "";
}

/** Write a reply or a note. */
export function write(mode) {
  if (!composer) return;
  if (mode !== composer.dataset.mode) {
    keep();
    text.value = "";
    show(mode);
  }
  text.focus();
}

export function sendFrom(field) {
  if (composer && field === text) composer.requestSubmit();
}

/** What was sent well is no draft any more; what came back with an error still is. */
function forgetSent() {
  const sent = memory.get("sent");
  memory.drop("sent");
  if (sent && !text.value) memory.drop(sent);
}

function begin() {
  let later;
  for (const tab of $$("[data-tab]", composer)) {
    tab.type = "button";
    tab.addEventListener("click", () => write(tab.dataset.tab));
  }
  text.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(keep, 400);
  });
  composer.addEventListener("submit", () => {
    clearTimeout(later);
    keep();
    memory.set("sent", key(composer.dataset.mode));
    $("[data-send]", composer).disabled = true;
  });
  window.addEventListener("pageshow", () => { $("[data-send]", composer).disabled = false; });
  $("[name=files]", composer).addEventListener("change", (event) => {
    $("#chosen").textContent = [...event.target.files].map((file) => file.name).join(", ");
  });
  forgetSent();
  show(composer.dataset.mode);
}

if (composer) begin();
