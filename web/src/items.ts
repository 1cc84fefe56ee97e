// Items come compressed, in pieces; only what is looked at is decoded.
import type {PackedItems} from "./study";

export interface ItemIndex {
  ids: string[];
  outcomes: string[];  // per model one character per item: 1 right, 0 wrong, c wrong otherwise than the baseline, ~ in between, - not scored
  margins: (number | null)[];
}
export interface Answer {
  likelihoods?: number[];
  texts?: string[];
  filtered?: string[];
  errors?: string[];
}
export interface Item {
  prompt: string;
  target: string;
  choices: string[];
  gold: number[];
  answers: (Answer | "same" | null)[];
}

async function unpack<T>(data: string): Promise<T> {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).json()) as T;
}

export class Items {
  private readonly chunks = new Map<number, Promise<Item[]>>();
  private loaded: Promise<ItemIndex> | null = null;

  constructor(readonly packed: PackedItems) {}

  index(): Promise<ItemIndex> {
    return (this.loaded ??= unpack<ItemIndex>(this.packed.index));
  }

  async item(place: number): Promise<Item> {
    const at = this.packed.chunks.findIndex((c) => place >= c.first && place < c.first + c.n);
    const found = this.packed.chunks[at];
    if (!found) throw new Error(`There is no item ${place}`);
    const item = (await this.chunk(at))[place - found.first];
    if (!item) throw new Error(`There is no item ${place}`);
    return item;
  }

  chunk(at: number): Promise<Item[]> {
    let items = this.chunks.get(at);
    if (!items) {
      items = unpack<Item[]>(this.packed.chunks[at]?.data ?? "");
      this.chunks.set(at, items);
    }
    return items;
  }

  get decoded(): number {
    return this.chunks.size;
  }
}

export function answerOf(item: Item, model: number): Answer | null {
  const answer = item.answers[model];
  if (answer === "same") return (item.answers[0] ?? null) as Answer | null;
  return answer ?? null;
}

export type Change = "lost" | "gained" | "changed" | "same";

export function changeOf(baseline: string | undefined, variant: string | undefined): Change {
  if (baseline === "1" && (variant === "0" || variant === "c")) return "lost";
  if (baseline === "0" && variant === "1") return "gained";
  return variant === "c" ? "changed" : "same";
}
