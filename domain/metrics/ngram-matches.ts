/**
 * Clipped n-gram matches of a token sequence against references: what BLEU, ROUGE-N and chrF count.
 * The references' n-grams are a trie whose nodes lie in one hash table (open addressing), so an n-gram costs one look-up
 * after its first n - 1 tokens and no string is built.
 */

/** One numbering for the tokens of several sequences. */
export function numberTokens(sequences: readonly (readonly string[])[]): Int32Array[] {
  const numbers = new Map<string, number>();
  return sequences.map((sequence) => {
    const out = new Int32Array(sequence.length);
    for (let i = 0; i < sequence.length; i++) {
      const token = sequence[i] as string;
      let number = numbers.get(token);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(token, number);
      }
      out[i] = number;
    }
    return out;
  });
}

/** Unicode code points. */
export function codePoints(text: string): Int32Array {
  const out = new Int32Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    if (point > 0xffff) i++;
    out[n++] = point;
  }
  return out.subarray(0, n);
}

// Scratch memory of one call at a time; grown as needed, so that scoring a pair allocates next to nothing.
let table = new Int32Array(0);
let parents = new Int32Array(0);
let tokens = new Int32Array(0);
let wanted = new Int32Array(0);
let current = new Int32Array(0);
let seenIn = new Int32Array(0);

function reserve(nodes: number): number {
  let size = 64;
  while (size < 2 * nodes) size *= 2;
  if (table.length < size) {
    table = new Int32Array(size);
    [parents, tokens, wanted, current, seenIn] = Array.from({ length: 5 }, () => new Int32Array(size / 2 + 1)) as [
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
    ];
  } else table.fill(0, 0, size);
  return size - 1;
}

/** The slot of the node that follows `parent` by `token`, or the free slot where it belongs. Node 0 is the root. */
function slotOf(parent: number, token: number, mask: number): number {
  const hash = Math.imul(Math.imul(parent, 0x9e3779b1) ^ token, 0x85ebca6b);
  let slot = (hash ^ (hash >>> 15)) & mask;
  for (let node = table[slot] as number; node !== 0; node = table[slot] as number) {
    if (parents[node] === parent && tokens[node] === token) return slot;
    slot = (slot + 1) & mask;
  }
  return slot;
}

/**
 * Matches of order 1..maxOrder: each n-gram counts at most as often as in the reference that has it most often.
 * Sequences are of numbered tokens (`numberTokens`, `codePoints`).
 */
export function countMatches(candidate: Int32Array, references: readonly Int32Array[], maxOrder: number): number[] {
  const mask = reserve(1 + maxOrder * references.reduce((sum, { length }) => sum + length, 0));
  let nodes = 0;
  for (let r = 0; r < references.length; r++) {
    const reference = references[r] as Int32Array;
    for (let start = 0; start < reference.length; start++) {
      const end = Math.min(start + maxOrder, reference.length);
      for (let i = start, parent = 0; i < end; i++) {
        const token = reference[i] as number;
        const slot = slotOf(parent, token, mask);
        let node = table[slot] as number;
        if (node === 0) {
          node = ++nodes;
          table[slot] = node;
          parents[node] = parent;
          tokens[node] = token;
          wanted[node] = 0;
          seenIn[node] = -1;
        }
        const count = seenIn[node] === r ? (current[node] as number) + 1 : 1;
        seenIn[node] = r;
        current[node] = count;
        if (count > (wanted[node] as number)) wanted[node] = count;
        parent = node;
      }
    }
  }
  const matches = new Array<number>(maxOrder).fill(0);
  for (let start = 0; start < candidate.length; start++) {
    const end = Math.min(start + maxOrder, candidate.length);
    for (let i = start, node = 0; i < end; i++) {
      node = table[slotOf(node, candidate[i] as number, mask)] as number;
      if (node === 0) break;
      if ((wanted[node] as number) > 0) {
        wanted[node] = (wanted[node] as number) - 1;
        matches[i - start] = (matches[i - start] as number) + 1;
      }
    }
  }
  return matches;
}
