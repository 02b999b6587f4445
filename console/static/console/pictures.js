// Pictures that are pasted or dropped stand in the text where they were put.
import { $ } from "./page.js";

const KINDS = /^image\/(png|jpeg|gif|webp)$/;

function mark(name, id) {
  return `![${name.replace(/[[\]\n]/g, " ")}](cid:${id})`;
}

export function takePictures(composer, text) {
  const field = $("[name=pictures]", composer);
  const files = new DataTransfer();
  const token = () => [...crypto.getRandomValues(new Uint8Array(9))].map((n) => n.toString(36)).join("");

  function take(file) {
    const id = `p${token()}`.slice(0, 20);
    const name = file.name && file.name !== "image.png" ? file.name : `${field.dataset.pictures}-${files.files.length + 1}.png`;
    files.items.add(new File([file], name, { type: file.type }));
    field.files = files.files;
    const told = document.createElement("input");
    Object.assign(told, { type: "hidden", name: "picture_ids", value: id });
    composer.append(told);
    text.setRangeText(mark(name, id), text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function some(event, list) {
    const pictures = [...list].filter((file) => KINDS.test(file.type));
    if (!pictures.length) return;
    event.preventDefault();
    pictures.forEach(take);
  }

  text.addEventListener("paste", (event) => some(event, event.clipboardData?.files ?? []));
  text.addEventListener("dragover", (event) => event.preventDefault());
  text.addEventListener("drop", (event) => some(event, event.dataTransfer?.files ?? []));
}
