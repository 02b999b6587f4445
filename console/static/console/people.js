// To whom a reply goes: one line that says it, and the fields below it.
import { $, $$ } from "./page.js";

const names = { "f-to": "to", "f-cc": "cc" };
const bare = (line) => line.replace(/"[^"]*"/g, (quoted) => quoted.replace(/[,;]/g, " "));
const count = (line) => bare(line).split(/[,;，]/).filter((one) => one.includes("@")).length;

function first(line) {
  const one = bare(line).split(/[,;，]/).find((each) => each.includes("@")) ?? "";
  const name = one.replace(/<[^>]*>/, "").replaceAll("\"", "").trim();
  return name || one.replace(/[<>]/g, "").trim();
}

function tell() {
  const lines = $$("#f-to, #f-cc, #f-bcc").map((field) => field.value);
  const others = lines.reduce((sum, line) => sum + count(line), 0) - 1;
  $("[data-first]").textContent = first(lines[0]) || $("[data-first]").dataset.none;
  $("[data-others]").textContent = others > 0 ? `+${others}` : "";
}

export function showPeople() {
  const whom = $("#whom");
  if (!whom) return;
  $("[data-first]").dataset.none = $("[data-first]").textContent;
  whom.addEventListener("input", tell);
  whom.addEventListener("click", (event) => {
    const filler = event.target.closest("[data-fill]");
    if (!filler) return;
    for (const [id, name] of Object.entries(names)) $(`#${id}`).value = filler.dataset[name];
    tell();
  });
}
