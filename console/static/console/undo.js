// The seconds in which a reply can be taken back run down; then it is gone.
import { $ } from "./page.js";

const undo = $("#undo");

/** Take the last reply back, while that is offered. */
export function takeBack() {
  undo?.isConnected && undo.requestSubmit();
}

if (undo) {
  const until = Date.now() + Number(undo.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    $("[data-left]", undo).textContent = String(Math.max(0, left));
    if (left > 0) return;
    clearInterval(timer);
    undo.remove();
  }, 250);
}
