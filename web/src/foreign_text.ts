// Text that models or data sets wrote: only ever text nodes, each kept in its own direction, with
// characters that hide or turn text shown by their code.
import {h, type Child} from "./element";
import {t} from "./i18n";
import {count} from "./numbers";

const kHidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const kFirstShown = 4000;

function visible(text: string): Child[] {
  const parts: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(kHidden)) {
    parts.push(text.slice(end, match.index));
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(h("span", {class: "hidden-character"}, `U+${code}`));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

export function foreignText(text: string, className = ""): HTMLElement {
  const body = h("bdi", {dir: "auto"}, ...visible(text.slice(0, kFirstShown)));
  const block = h("div", {class: `foreign ${className}`}, body);
  if (text.length > kFirstShown) {
    const more = h("button", {type: "button", class: "quiet", onclick: () => {
      body.append(...visible(text.slice(kFirstShown)).map((c) => (c instanceof Node ? c : document.createTextNode(String(c)))));
      more.remove();
    }}, t("text.show_all", {n: count(text.length)}));
    block.append(more);
  }
  return block;
}

export function inlineForeign(text: string): HTMLElement {
  return h("bdi", {dir: "auto"}, ...visible(text));
}
