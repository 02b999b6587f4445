// Live: what is on the page is patched in place; nothing jumps, nothing typed is lost.
import { $, $$, base, csrf, desk, partial, thread, view } from "./page.js";
import { tellTimes } from "./times.js";

const news = $("[data-news]");
const below = $("[data-below]");
const timeline = $("#timeline");
const unseen = new Set();

async function patchRow(id) {
  const fresh = (await partial(`/console/rows/${id}/?view=${view}`))?.firstElementChild;
  const row = document.getElementById(`row-${id}`);
  if (row && fresh) replaceRow(row, fresh);
  else if (row) row.classList.remove("unread");
  else if (fresh && news) announce(id);
}

function replaceRow(row, fresh) {
  if (row.hasAttribute("aria-current")) fresh.setAttribute("aria-current", "true");
  if (row.classList.contains("chosen")) fresh.classList.add("chosen");
  const hadFocus = row.contains(document.activeElement);
  fresh.classList.add("patched");
  row.replaceWith(fresh);
  if (hadFocus) $("a.t", fresh).focus({ preventScroll: true });
  tellTimes(fresh);
}

function announce(id) {
  unseen.add(id);
  news.hidden = false;
  news.textContent = `${unseen.size} ${news.dataset.one}`;
}

const isAtEnd = () => timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 80;
const toEnd = () => { timeline.scrollTop = timeline.scrollHeight; };

async function patchThread() {
  const fresh = await partial(`${base}live/?view=${view}`);
  const parts = fresh?.firstElementChild;
  if (!parts) return;
  const part = (name) => $(`[data-part=${name}]`, parts).content;
  const stay = !isAtEnd();
  const added = addItems(part("timeline"));
  replace($("#head"), part("head"));
  replace($("#side"), part("side"));
  for (const seen of $$("input[name=seen]")) seen.value = parts.dataset.seen;
  timeline.dataset.seen = parts.dataset.seen;
  tellTimes(thread);
  if (!stay) toEnd();
  else if (added) below.hidden = false;
}

/** Append what is new and renew what changed; returns how many are new. */
function addItems(items) {
  let added = 0;
  for (const item of [...items.children]) {
    const shown = document.getElementById(item.id);
    if (!shown) {
      timeline.append(item);
      added += 1;
    } else if (shown.dataset.state !== item.dataset.state) renew(shown, item);
  }
  return added;
}

/** What was open or half written in it stays so. */
function renew(shown, item) {
  if (shown.open) item.open = true;
  const written = $("textarea", shown)?.value;
  const at = shown.contains(document.activeElement) && document.activeElement.matches("textarea");
  if (written) $("textarea", item).value = written;
  shown.replaceWith(item);
  if (at) $("textarea", item)?.focus();
}

/** Unless somebody is at work in it. */
function replace(place, content) {
  if (place.contains(document.activeElement)) return;
  const viewers = $("#viewing", place)?.textContent;
  place.replaceChildren(...content.childNodes);
  if (viewers) $("#viewing", place).textContent = viewers;
  document.dispatchEvent(new CustomEvent("patched"));
}

const due = new Map();
function soon(key, act) {
  clearTimeout(due.get(key));
  due.set(key, setTimeout(act, 120));
}

function listen() {
  const stream = new EventSource(desk.dataset.events);
  stream.onmessage = (message) => {
    const { topic } = JSON.parse(message.data);
    const [kind, id] = topic.split(":");
    if (kind !== "ticket") return;
    soon(`row${id}`, () => patchRow(Number(id)));
    if (thread?.dataset.topic === topic) soon("thread", patchThread);
  };
  stream.addEventListener("reset", () => {
    news.hidden = false;
    news.textContent = news.dataset.one;
    if (thread) patchThread();
  });
  stream.onopen = () => { document.documentElement.dataset.live = "on"; };
  stream.onerror = () => { document.documentElement.dataset.live = "off"; };
}

/** Say that I look at this ticket, and show who else does. */
async function sayHere() {
  if (document.hidden) return;
  const headers = { "X-CSRFToken": csrf() };
  const answer = await fetch(`${base}here/`, { method: "POST", headers }).catch(() => null);
  if (!answer?.ok) return;
  const { viewing } = await answer.json();
  const place = $("#viewing");
  place.textContent = viewing.length ? `${viewing.join(", ")} ${place.dataset.text}` : "";
}

if (desk && window.EventSource) listen();
if (thread) {
  toEnd();
  sayHere();
  setInterval(sayHere, 20000);
  below.addEventListener("click", toEnd);
  timeline.addEventListener("scroll", () => { if (isAtEnd()) below.hidden = true; });
}
