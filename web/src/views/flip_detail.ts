// One item: the question, what was right, both answers beside each other.
import {differences} from "../difference";
import {h, type Child} from "../element";
import {foreignText, inlineForeign} from "../foreign_text";
import {t} from "../i18n";
import {answerOf, type Answer, type Change, type Item} from "../items";
import {badge, type Mark} from "../marks";

export interface Shown {
  id: string;
  task: string;
  metric: string;
  change: Change;
  margin: number | null;
  mark: Mark;
  baseline: string;
  variant: string;
  model: number;
}

export function itemDetail(item: Item, shown: Shown): Child[] {
  const first = answerOf(item, 0);
  const second = answerOf(item, shown.model);
  return [
    h("h3", {}, `${shown.task} `, inlineForeign(shown.id), " ", badge(shown.mark, t(`flips.short.${shown.change}`))),
    shown.margin === null ? null : h("p", {class: "note"}, t("flips.margin_text", {margin: shown.margin.toFixed(3)})),
    h("h4", {}, t("flips.prompt")), foreignText(item.prompt, "prompt"),
    item.choices.length > 0 && first?.likelihoods ? choices(item, first, second, shown) : [h("h4", {}, t("flips.target")), foreignText(item.target), generated(first, second, shown)],
  ];
}

// Probabilities of the choices as the metric weighs them: by length in bytes for acc_norm.
function shares(item: Item, answer: Answer | null, metric: string): number[] {
  const values = (answer?.likelihoods ?? []).map((v, i) => (metric === "acc_norm" ? v / Math.max(1, new TextEncoder().encode(item.choices[i] ?? "").length) : v));
  const most = Math.max(...values);
  const weights = values.map((v) => Math.exp(v - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}

function choices(item: Item, first: Answer | null, second: Answer | null, shown: Shown): Child {
  const a = shares(item, first, shown.metric);
  const b = shares(item, second, shown.metric);
  const best = (values: number[]): number => values.indexOf(Math.max(...values));
  const share = (values: number[], likelihoods: number[] | undefined, i: number): Child => {
    const value = values[i];
    return value === undefined || !Number.isFinite(value) ? h("span", {}, "–") : h("div", {class: `share${best(values) === i ? " best" : ""}`},
      h("span", {class: "bar", style: `width:${(100 * value).toFixed(1)}%`}), h("span", {class: "value"}, `${(100 * value).toFixed(1)} %`), h("small", {}, likelihoods?.[i]?.toFixed(2) ?? ""));
  };
  return h("table", {class: "choices"},
    h("caption", {class: "note"}, t("flips.choices_note")),
    h("thead", {}, h("tr", {}, h("th", {scope: "col"}, t("flips.choice")), h("th", {scope: "col"}, inlineForeign(shown.baseline)), h("th", {scope: "col"}, inlineForeign(shown.variant)))),
    h("tbody", {}, ...item.choices.map((choice, i) => h("tr", {class: item.gold.includes(i) ? "gold" : null},
      h("th", {scope: "row"}, item.gold.includes(i) ? badge("good", t("flips.right")) : null, foreignText(choice)),
      h("td", {}, share(a, first?.likelihoods, i)), h("td", {}, share(b, second?.likelihoods, i))))));
}

function textOf(answer: Answer | null): string {
  return answer?.texts?.[0] ?? answer?.errors?.[0] ?? "";
}

const kLongestDiff = 60_000;

function generated(first: Answer | null, second: Answer | null, shown: Shown): Child {
  const a = textOf(first);
  const b = textOf(second);
  const small = a.length + b.length <= kLongestDiff;
  const pieces = small ? differences(a, b) : [];
  const side = (kind: "first" | "second", text: string): Child => (small
    ? h("div", {class: "foreign"}, h("bdi", {dir: "auto"}, ...pieces.filter((p) => p.kind === "both" || p.kind === kind).map((p) => (p.kind === "both" ? p.text : h(kind === "first" ? "del" : "ins", {}, p.text)))))
    : foreignText(text));
  const filtered = (answer: Answer | null): Child => answer?.filtered && h("p", {class: "note"}, t("flips.filtered"), " ", inlineForeign(answer.filtered.join(" | ")));
  return h("div", {class: "beside"},
    h("div", {}, h("h4", {}, inlineForeign(shown.baseline)), side("first", a), filtered(first)),
    h("div", {}, h("h4", {}, inlineForeign(shown.variant)), side("second", b), filtered(second)));
}
