// Verdicts and states as shapes with words: colour only repeats what the shape says.
import {h, svg} from "./element";
import {t} from "./i18n";
import type {FindingState, Verdict} from "./study";

export type Mark = "good" | "bad" | "open" | "shown" | "denied";

const kPaths: Record<Mark, string> = {
  good: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-1.2 10.2L3.6 8l1.1-1.1 2.1 2.1 4.5-4.5L12.4 5.600Z",
  bad: "M1.500 1.500h13v13h-13ZM5 4 4 5l3 3-3 3 1 1 3-3 3 3 1-1-3-3 3-3-1-1-3 3Z",
  open: "M8 1 15.500 14.500H.5ZM7.200 5.500v4.500h1.600V5.500Zm0 5.700v1.600h1.600v-1.600Z",
  shown: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z",
  denied: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.600a5.400 5.400 0 1 1 0 10.800A5.400 5.400 0 0 1 8 2.600ZM4.500 7.200v1.600h7V7.200Z",
};

export function icon(mark: Mark): SVGElement {
  return svg("svg", {viewBox: "0 0 16 16", class: `icon ${mark}`, "aria-hidden": "true"},
    svg("path", {d: kPaths[mark], "fill-rule": "evenodd"}));
}

export function badge(mark: Mark, text: string): HTMLElement {
  return h("span", {class: `badge ${mark}`}, icon(mark), h("span", {}, text));
}

export const kVerdictMarks: Record<Verdict, Mark> = {within_margin: "good", worse: "bad", undecided: "open"};
export const kFindingMarks: Record<FindingState, Mark> = {shown: "shown", not_shown: "denied", undecided: "open"};

export function verdictBadge(verdict: Verdict): HTMLElement {
  return badge(kVerdictMarks[verdict], t(`verdict.${verdict}`));
}
