// Which tool for what, four questions to the next command, and what others have measured.
import {h, replaceChildren, type Child} from "../element";
import {kLiterature, kTools} from "../guide_data";
import {t, type Key} from "../i18n";
import {cell, tableElement} from "../table";
import {card, segmented, type View} from "../view";

type Goal = "publish" | "deploy" | "regress" | "method";
type Evidence = "nothing" | "text" | "tasks";
interface Answers {
  goal: Goal;
  evidence: Evidence;
  items: "few" | "many";
  variants: "few" | "many";
}
const answers: Answers = {goal: "deploy", evidence: "nothing", items: "many", variants: "few"};

export const guideView: View = {
  id: "guide",
  label: "view.guide",
  lead: "lead.guide",
  render() {
    return [questions(), tools(), literature()];
  },
};

// The command that the four answers lead to, and why.
export function nextCommand(a: Answers): {command: string; why: Key} {
  if (a.goal === "regress") {
    return a.evidence === "tasks" ? {command: "assay gate base.json variant.json --margin 1pp", why: "guide.why.gate"}
      : {command: "assay diverge model-f16.gguf variant.gguf --text wiki.test.raw --json > divergence.json && assay gate divergence.json --max-kld 0.01", why: "guide.why.gate_kld"};
  }
  if (a.evidence === "nothing" && a.variants === "many") {
    return {command: "assay screen model-f16.gguf Q8_0 Q5_K_M Q4_K_M Q3_K_M Q2_K --text wiki.test.raw --max-ppl-increase 5%", why: "guide.why.screen"};
  }
  if (a.evidence === "nothing") return {command: "assay diverge model-f16.gguf Q8_0 Q4_K_M --text wiki.test.raw", why: "guide.why.diverge"};
  if (a.evidence === "text") {
    return a.items === "few" ? {command: "assay plan --margin 1pp --power 0.9 --baseline runs.json", why: "guide.why.plan"}
      : {command: "assay eval model-f16.gguf Q8_0 Q4_K_M --tasks mmlu,gsm8k,hellaswag --json > runs.json", why: "guide.why.eval"};
  }
  return a.goal === "method" ? {command: "assay compare base.json variant.json --margin 1pp --bootstrap 10000", why: "guide.why.compare"}
    : {command: "assay report runs.json divergence.json -o report.html", why: "guide.why.report"};
}

function questions(): Child {
  const result = h("div", {class: "next-command", "aria-live": "polite"});
  const show = (): void => {
    const next = nextCommand(answers);
    replaceChildren(result, h("p", {}, t(next.why)), h("pre", {tabindex: 0}, h("code", {}, next.command)));
  };
  const ask = <K extends keyof Answers>(key: K, options: Answers[K][]): Child =>
    segmented(t(`guide.${key}` as Key), answers[key], options.map((o): [string, string] => [o, t(`guide.${key}.${o}` as Key)]), (value) => {
      answers[key] = value as Answers[K];
      show();
    });
  show();
  return card(t("guide.questions"), h("div", {class: "questions"}, ask("goal", ["publish", "deploy", "regress", "method"]), ask("variants", ["few", "many"]),
    ask("evidence", ["nothing", "text", "tasks"]), ask("items", ["few", "many"])), result);
}

function tools(): Child {
  return card(t("guide.tools"), h("div", {class: "tool-cards"}, ...kTools.map((tool) => h("article", {class: "tool"}, h("h3", {}, tool.name), h("p", {}, t(tool.measures)),
    h("dl", {}, h("dt", {}, t("guide.formats")), h("dd", {}, tool.formats), h("dt", {}, t("guide.hardware")), h("dd", {}, tool.hardware))))));
}

function literature(): Child {
  return h("section", {class: "card literature"}, h("h2", {}, t("guide.literature")), h("p", {class: "note"}, t("guide.literature_note")), tableElement({
    name: "literature", caption: t("guide.literature"),
    columns: [{id: "what", label: t("guide.what")}, {id: "values", label: t("guide.values")}, {id: "source", label: t("guide.source")}],
    rows: kLiterature.map((l) => [cell(l.what), cell(l.values), cell(l.source)]),
  }));
}
