// A list of any length: only the rows in view are in the page. Arrow keys, Home and End move.
import {h, replaceChildren, type Child} from "./element";

const kRowHeight = 40;
const kSpare = 6;

export class VirtualList<T> {
  private readonly rows = h("div", {class: "virtual-rows", role: "presentation"});
  private readonly space = h("div", {class: "virtual-space", role: "presentation"}, this.rows);
  readonly element: HTMLElement;
  private items: T[] = [];
  private current = 0;
  private static next = 0;
  private readonly id = `list-${VirtualList.next++}`;

  constructor(label: string, private readonly render: (item: T) => Child[], private readonly choose: (item: T) => void) {
    this.element = h("div", {class: "virtual-list", tabindex: 0, role: "listbox", "aria-label": label,
      onscroll: () => this.draw(), onkeydown: (event) => this.key(event as KeyboardEvent)}, this.space);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  set(items: T[]): void {
    this.items = items;
    this.current = 0;
    this.space.style.height = `${items.length * kRowHeight}px`;
    this.element.scrollTop = 0;
    this.draw();
  }

  private draw(): void {
    const height = this.element.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.element.scrollTop / kRowHeight) - kSpare);
    const last = Math.min(this.items.length, Math.ceil((this.element.scrollTop + height) / kRowHeight) + kSpare);
    this.rows.style.transform = `translateY(${first * kRowHeight}px)`;
    replaceChildren(this.rows, this.items.slice(first, last).map((item, i) => this.row(item, first + i)));
    this.element.setAttribute("aria-activedescendant", this.items.length > 0 && this.current >= first && this.current < last ? `${this.id}-${this.current}` : "");
  }

  private row(item: T, place: number): HTMLElement {
    return h("div", {id: `${this.id}-${place}`, class: "virtual-row", role: "option", "aria-selected": place === this.current ? "true" : "false",
      "aria-setsize": this.items.length, "aria-posinset": place + 1, onclick: () => this.go(place)}, ...this.render(item));
  }

  private go(place: number): void {
    const item = this.items[place];
    if (item === undefined) return;
    this.current = place;
    const top = place * kRowHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    const bottom = top + kRowHeight - this.element.clientHeight;
    if (bottom > this.element.scrollTop) this.element.scrollTop = bottom;
    this.draw();
    this.choose(item);
  }

  private key(event: KeyboardEvent): void {
    const page = Math.floor(this.element.clientHeight / kRowHeight);
    const moves: Record<string, number> = {
      ArrowDown: this.current + 1, ArrowUp: this.current - 1, PageDown: this.current + page, PageUp: this.current - page, Home: 0, End: this.items.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.go(Math.max(0, Math.min(this.items.length - 1, to)));
  }
}
