// Items one by one: which answers changed, what both models said, how sure the baseline was.
import {h, replaceChildren, type Child} from "../element";
import {t} from "../i18n";
import {changeOf, Items, type Change, type ItemIndex} from "../items";
import {badge, type Mark} from "../marks";
import {count} from "../numbers";
import type {Family} from "../study";
import {classWord, empty, familySelect, select, type View} from "../view";
import {VirtualList} from "../virtual_list";
import {itemDetail} from "./flip_detail";

type Filter = "flips" | "all" | Change;
interface State {
  task: string;
  variant: string;
  filter: Filter;
  search: string;
  taskClass: string;
}
const state: State = {task: "", variant: "", filter: "flips", search: "", taskClass: ""};
const kMarks: Record<Change, Mark> = {lost: "bad", gained: "good", changed: "open", same: "denied"};
const kOrder: Record<Change, number> = {lost: 0, gained: 1, changed: 2, same: 3};
const kSearchDelay = 200;

const kItems = new WeakMap<object, Items>();
function itemsOf(packed: Family["items"][number]): Items {
  let items = kItems.get(packed);
  if (!items) kItems.set(packed, (items = new Items(packed)));
  return items;
}

export const flipsView: View = {
  id: "flips",
  label: "view.flips",
  lead: "lead.flips",
  render(context) {
    const {family} = context;
    if (family.items.length === 0) return [familySelect(context), empty(t("empty.items"), "assay report RUNS.json -o report.html")];
    return [familySelect(context), new Browser(family).element];
  },
};

interface Entry {
  place: number;
  id: string;
  change: Change;
  margin: number | null;
}

class Browser {
  readonly element = h("div", {class: "flips"});
  private readonly controls = h("div", {class: "controls"});
  private readonly summary = h("p", {class: "note", role: "status"});
  private readonly detail = h("div", {class: "flip-detail", "aria-live": "polite"});
  private readonly list: VirtualList<Entry>;
  private asked = 0;
  private timer = 0;

  constructor(private readonly family: Family) {
    this.list = new VirtualList<Entry>(t("flips.list"), (entry) => this.row(entry), (entry) => void this.open(entry));
    this.element.append(this.controls, this.summary, h("div", {class: "flip-panes"}, this.list.element, this.detail));
    this.controlsAnew();
    void this.fill();
  }

  private get packed(): Family["items"][number] {
    const of = this.family.items.filter((i) => state.taskClass === "" || i.task_class === state.taskClass);
    const found = of.find((i) => i.task === state.task) ?? of[0] ?? this.family.items[0];
    if (!found) throw new Error("There are no items");
    state.task = found.task;
    const variants = found.models.slice(1);
    if (!variants.includes(state.variant)) state.variant = variants[variants.length - 1] ?? "";
    return found;
  }

  private controlsAnew(): void {
    const packed = this.packed;
    const change = (set: (value: string) => void) => (value: string): void => {
      set(value);
      this.controlsAnew();
      void this.fill();
    };
    const classes = [...new Set(this.family.items.map((i) => i.task_class))].filter((c) => c !== "");
    const tasks = this.family.items.filter((i) => state.taskClass === "" || i.task_class === state.taskClass);
    const filters: Filter[] = ["flips", "lost", "gained", "changed", "all"];
    const search = h("input", {type: "search", id: "flip-search", value: state.search, placeholder: t("flips.search_hint"), oninput: (event) => {
      state.search = (event.target as HTMLInputElement).value;
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.fill(), kSearchDelay);
    }});
    replaceChildren(this.controls,
      classes.length > 1 && select(t("column.class"), state.taskClass, [["", t("flips.all_classes")], ...classes.map((c): [string, string] => [c, classWord(c)])], change((v) => (state.taskClass = v))),
      select(t("column.task"), state.task, tasks.map((i): [string, string] => [i.task, i.task]), change((v) => (state.task = v))),
      select(t("column.variant"), state.variant, packed.models.slice(1).map((m): [string, string] => [m, m]), change((v) => (state.variant = v))),
      select(t("flips.filter"), state.filter, filters.map((f): [string, string] => [f, t(`flips.${f}` as "flips.lost")]), change((v) => (state.filter = v as Filter))),
      h("div", {class: "control"}, h("label", {for: "flip-search"}, t("flips.search")), search));
  }

  private async fill(): Promise<void> {
    const asked = ++this.asked;
    const packed = this.packed;
    const items = itemsOf(packed);
    const index = await items.index();
    const model = packed.models.indexOf(state.variant);
    const all = entriesOf(index, model);
    const found = await this.matching(items, all.filter((e) => matches(e)), asked);
    if (asked !== this.asked) return;
    found.sort((a, b) => kOrder[a.change] - kOrder[b.change] || (b.margin ?? 0) - (a.margin ?? 0) || a.place - b.place);
    const n = (change: Change): string => count(all.filter((e) => e.change === change).length);
    this.summary.textContent = t("flips.summary", {lost: n("lost"), gained: n("gained"), changed: n("changed"), all: count(all.length), shown: count(found.length), metric: packed.metric});
    this.list.set(found);
    if (found[0]) await this.open(found[0]);
    else replaceChildren(this.detail, h("p", {class: "note"}, t("flips.none")));
  }

  private async matching(items: Items, entries: Entry[], asked: number): Promise<Entry[]> {
    const wanted = state.search.trim().toLowerCase();
    if (wanted === "") return entries;
    const found: Entry[] = [];
    for (const entry of entries) {
      if (asked !== this.asked) return [];
      const text = JSON.stringify(await items.item(entry.place));
      if (entry.id === wanted || text.toLowerCase().includes(JSON.stringify(wanted).slice(1, -1))) found.push(entry);
    }
    return found;
  }

  private row(entry: Entry): Child[] {
    return [badge(kMarks[entry.change], t(`flips.short.${entry.change}`)), h("bdi", {class: "flip-id"}, entry.id),
      entry.margin === null ? null : h("span", {class: "num", title: t("flips.margin")}, entry.margin.toFixed(2))];
  }

  private async open(entry: Entry): Promise<void> {
    const packed = this.packed;
    const asked = this.asked;
    const item = await itemsOf(packed).item(entry.place);
    if (asked !== this.asked) return;
    const model = packed.models.indexOf(state.variant);
    replaceChildren(this.detail, ...itemDetail(item, {id: entry.id, task: packed.task, metric: packed.metric, change: entry.change, margin: entry.margin, mark: kMarks[entry.change],
      baseline: packed.models[0] ?? "", variant: state.variant, model}));
  }
}

function entriesOf(index: ItemIndex, model: number): Entry[] {
  const baseline = index.outcomes[0] ?? "";
  const variant = index.outcomes[model] ?? "";
  return index.ids.map((id, place) => ({place, id, change: changeOf(baseline[place], variant[place]), margin: index.margins[place] ?? null}));
}

function matches(entry: Entry): boolean {
  if (state.filter === "all") return true;
  return state.filter === "flips" ? entry.change !== "same" : entry.change === state.filter;
}
