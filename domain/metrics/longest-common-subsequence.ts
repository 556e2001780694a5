/** Longest common subsequences of two sequences of small numbers (see `numberTokens`). */

// 30 bits a word: sum and carry stay small integers.
const BITS = 30;
const ONES = 2 ** BITS - 1;

/**
 * The length, thirty cells of the table at a time.
 * Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
 */
export function longestCommonLength(a: Int32Array, b: Int32Array): number {
  const words = Math.ceil(a.length / BITS);
  let size = 0;
  for (const token of a) if (token >= size) size = token + 1;
  const masks = new Int32Array(size * words);
  for (let i = 0; i < a.length; i++) {
    const at = (a[i] as number) * words + Math.floor(i / BITS);
    masks[at] = (masks[at] as number) | (1 << (i % BITS));
  }
  // A zero bit is a step of the common subsequence.
  const row = new Int32Array(words).fill(ONES);
  for (const token of b) {
    if (token >= size) continue;
    let carry = 0;
    for (let w = 0, at = token * words; w < words; w++, at++) {
      const value = row[w] as number;
      const mask = masks[at] as number;
      const sum = value + (value & mask) + carry;
      carry = sum >>> BITS;
      row[w] = (sum & ONES) | (value & ~mask);
    }
  }
  let length = 0;
  for (let i = 0; i < a.length; i++) if ((((row[Math.floor(i / BITS)] as number) >>> (i % BITS)) & 1) === 0) length++;
  return length;
}

let table = new Int32Array(0);

/** Indices into `a` of one longest common subsequence, last first; on a tie the walk back goes to the shorter `a`. */
export function longestCommonIndices(a: Int32Array, b: Int32Array): number[] {
  const width = b.length + 1;
  if (table.length < (a.length + 1) * width) table = new Int32Array((a.length + 1) * width);
  table.fill(0, 0, width);
  for (let i = 1; i <= a.length; i++) {
    const token = a[i - 1];
    const row = i * width;
    table[row] = 0;
    let left = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = table[row - width + j] as number;
      if (b[j - 1] === token) left = (table[row - width + j - 1] as number) + 1;
      else if (above > left) left = above;
      table[row + j] = left;
    }
  }
  const indices: number[] = [];
  for (let i = a.length, j = b.length; i > 0 && j > 0; ) {
    if (a[i - 1] === b[j - 1]) {
      indices.push(--i);
      j--;
    } else if ((table[i * width + j - 1] as number) > (table[(i - 1) * width + j] as number)) j--;
    else i--;
  }
  return indices;
}
