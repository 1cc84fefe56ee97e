// What a view is, and what all views share.
import {h, type Child} from "./element";
import {t, tOr, type Key} from "./i18n";
import type {Family, Study} from "./study";

export interface Context {
  study: Study;
  family: Family;
  setFamily(name: string): void;
}
export interface View {
  id: string;
  label: Key;
  lead: Key;
  render(context: Context): Child[];
}

export function card(title: string | null, ...children: Child[]): HTMLElement {
  return h("section", {class: "card"}, title ? h("h2", {}, title) : null, ...children);
}

export function empty(text: string, remedy?: string): HTMLElement {
  return h("div", {class: "empty"}, h("p", {}, text), remedy ? h("code", {}, remedy) : null);
}

let nextId = 0;

export function select(label: string, value: string, options: [string, string][], change: (value: string) => void): HTMLElement {
  const id = `control-${nextId++}`;
  const list = h("select", {id, onchange: (event) => change((event.target as HTMLSelectElement).value)},
    ...options.map(([key, text]) => h("option", {value: key, selected: key === value}, text)));
  return h("div", {class: "control"}, h("label", {for: id}, label), list);
}

export function segmented(label: string, value: string, options: [string, string][], change: (value: string) => void): HTMLElement {
  const name = `control-${nextId++}`;
  return h("fieldset", {class: "segmented"}, h("legend", {}, label),
    h("div", {}, ...options.map(([key, text]) => h("label", {},
      h("input", {type: "radio", name, value: key, checked: key === value, onchange: () => change(key)}), h("span", {}, text)))));
}

export function slider(label: string, o: {min: number; max: number; step: number; value: number; text: (value: number) => string},
  change: (value: number) => void): HTMLElement {
  const id = `control-${nextId++}`;
  const shown = h("output", {for: id}, o.text(o.value));
  const input = h("input", {id, type: "range", min: o.min, max: o.max, step: o.step, value: o.value, "aria-valuetext": o.text(o.value), oninput: () => {
    show();
    change(Number(input.value));
  }, onshown: () => show()});
  const show = (): void => {
    shown.textContent = o.text(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  return h("div", {class: "control slider"}, h("label", {for: id}, label), input, shown);
}

export function familySelect(context: Context): Child {
  if (context.study.families.length < 2) return null;
  return select(t("control.family"), context.family.name, context.study.families.map((f) => [f.name, f.name]), context.setFamily);
}

export function classWord(taskClass: string): string {
  return tOr(`class.${taskClass}`, taskClass);
}
