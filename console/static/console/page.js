// What every part of the console's script uses.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const desk = $(".desk[data-events]");
export const thread = $("main[data-number]");
export const view = desk?.dataset.view ?? "open";
/** Where the open ticket's pages are, or "". */
export const base = thread ? `/console/tickets/${thread.dataset.number}/` : "";

export const csrf = () => $("#quick input[name=csrfmiddlewaretoken]").value;

/** The content of a partial page, or null when there is none. */
export async function partial(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
  if (answer.status !== 200 || answer.redirected) return null;
  const box = document.createElement("template");
  box.innerHTML = await answer.text();
  return box.content;
}

/** Memory of this browser, which may be switched off. */
export const memory = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* kept on the page */ } },
  drop(key) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
};
