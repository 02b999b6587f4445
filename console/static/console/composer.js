// Reply, note or side thread: the mode is told by colour, word and button; each has its draft.
import { $, $$, memory, thread } from "./page.js";
import { showPeople } from "./people.js";
import { takePictures } from "./pictures.js";

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
  $("#f-third").required = mode === "forward";
  $("span", send).textContent = send.dataset[mode];
  text.placeholder = text.dataset[mode];
  if (!text.value) text.value = memory.get(key(mode)) ?? "";
}

/** Write a reply, a note, or to somebody else. */
export function write(mode) {
  if (!composer) return;
  if (mode !== composer.dataset.mode) {
    keep();
    text.value = "";
    show(mode);
  }
  (mode === "forward" && !$("#f-third").value ? $("#f-third") : text).focus();
}

/** Name those who get the reply. */
export function writeTo() {
  write("reply");
  const whom = $("#whom");
  if (!whom) return;
  whom.open = true;
  $("#f-cc").focus();
}

export function sendFrom(field) {
  if (composer?.contains(field)) composer.requestSubmit($("[data-send]", composer));
  else field.closest?.("form.answer")?.requestSubmit();
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
    setTimeout(() => { for (const one of $$("button", composer)) one.disabled = true; });
  });
  window.addEventListener("pageshow", () => { for (const one of $$("button", composer)) one.disabled = false; });
  $("[name=files]", composer).addEventListener("change", (event) => {
    $("#chosen").textContent = [...event.target.files].map((file) => file.name).join(", ");
  });
  forgetSent();
  show(composer.dataset.mode);
  if (new URLSearchParams(location.search).has("draft")) text.focus();
  showPeople();
  takePictures(composer, text);
  document.addEventListener("click", (event) => {
    const pass = event.target.closest?.("[data-pass]");
    if (!pass || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    $("#f-passes").value = pass.dataset.pass;
    write("forward");
  });
}

if (composer) begin();
