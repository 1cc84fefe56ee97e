// Two texts word by word: what only one of them says.

export interface Piece {
  text: string;
  kind: "both" | "first" | "second";
}

const kMostCells = 4_000_000;  // beyond it only the ends that agree are found

function words(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

function push(pieces: Piece[], text: string, kind: Piece["kind"]): void {
  const last = pieces[pieces.length - 1];
  if (text === "") return;
  if (last && last.kind === kind) last.text += text;
  else pieces.push({text, kind});
}

// Longest common subsequence of the middles.
function align(a: string[], b: string[], pieces: Piece[]): void {
  const width = b.length + 1;
  if (a.length * width > kMostCells) {
    push(pieces, a.join(""), "first");
    push(pieces, b.join(""), "second");
    return;
  }
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; --i) {
    for (let k = b.length - 1; k >= 0; --k) {
      lengths[i * width + k] = a[i] === b[k]
        ? (lengths[(i + 1) * width + k + 1] ?? 0) + 1
        : Math.max(lengths[(i + 1) * width + k] ?? 0, lengths[i * width + k + 1] ?? 0);
    }
  }
  let i = 0;
  let k = 0;
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i] === b[k]) {
      push(pieces, a[i] ?? "", "both");
      ++i;
      ++k;
    } else if (k >= b.length || (i < a.length && (lengths[(i + 1) * width + k] ?? 0) >= (lengths[i * width + k + 1] ?? 0))) {
      push(pieces, a[i++] ?? "", "first");
    } else {
      push(pieces, b[k++] ?? "", "second");
    }
  }
}

export function differences(first: string, second: string): Piece[] {
  const a = words(first);
  const b = words(second);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) ++head;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) ++tail;
  const pieces: Piece[] = [];
  push(pieces, a.slice(0, head).join(""), "both");
  align(a.slice(head, a.length - tail), b.slice(head, b.length - tail), pieces);
  push(pieces, a.slice(a.length - tail).join(""), "both");
  return pieces;
}
