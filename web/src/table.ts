// Tables: what is shown, what is exported, and the exact number under each rounded one.
import {h} from "./element";
import {inlineForeign} from "./foreign_text";

export interface Cell {
  text: string;
  value?: number | string | null;  // exact; what CSV and tests read
  node?: Node;                     // shown in place of the text
}
export interface Column {
  label: string;
  numeric?: boolean;
  id: string;  // of CSV, the same in all languages
}
export interface Table {
  name: string;  // of the file
  caption: string;
  columns: Column[];
  rows: Cell[][];
}

export function cell(text: string, value?: number | string | null): Cell {
  return value === undefined ? {text} : {text, value};
}

export function tableElement(table: Table, className = ""): HTMLElement {
  const head = h("tr", {}, ...table.columns.map((c) => h("th", {scope: "col", class: c.numeric ? "num" : null}, c.label)));
  const body = table.rows.map((row) => h("tr", {}, ...row.map((one, i) => cellElement(one, i, table.columns[i]))));
  return h("div", {class: "table-scroll", tabindex: 0, role: "region", "aria-label": table.caption},
    h("table", {class: className, "data-table": table.name},
      h("caption", {class: "visually-hidden"}, table.caption),
      h("thead", {}, head), h("tbody", {}, ...body)));
}

function cellElement(one: Cell, i: number, column: Column | undefined): HTMLElement {
  const attributes = {
    class: column?.numeric ? "num" : null,
    "data-column": column?.id ?? null,
    "data-value": one.value === undefined || one.value === null ? null : String(one.value),
  };
  const content = one.node ?? inlineForeign(one.text);
  return i === 0 ? h("th", {scope: "row", ...attributes}, content) : h("td", attributes, content);
}

function quoted(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
}

export function csvOf(table: Table): string {
  const lines = [table.columns.map((c) => quoted(c.id))];
  for (const row of table.rows) lines.push(row.map((one) => quoted(one.value === undefined ? one.text : String(one.value ?? ""))));
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

export function download(name: string, href: string): void {
  const link = h("a", {href, download: name});
  document.body.append(link);
  link.click();
  link.remove();
}

export function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob(["\ufeff" + text], {type: "text/csv;charset=utf-8"}));
  download(name, url);
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
