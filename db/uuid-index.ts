/** Numbers for uuids read out of long texts, without making a string of each: a hash table over their 128 bits. */

export type UuidIndex = {
  /** Number of the uuid that stands at `offset` of `text`, in order of first appearance; -1 where it is new and `add` is false. */
  find(text: string, offset: number, add: boolean): number;
  size(): number;
};

const DIGITS = new Uint8Array(128);
for (const digit of "0123456789abcdef") DIGITS[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/** Writes the four words of the uuid at `offset` (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, lower case) to `out` from `place`. */
export function readUuid(text: string, offset: number, out: Uint32Array, place: number): void {
  let at = offset;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digit = 0; digit < 8; digit++) {
      if (text.charCodeAt(at) === 45) at++;
      value = (value << 4) | (DIGITS[text.charCodeAt(at++)] as number);
    }
    out[place + word] = value;
  }
}

export function createUuidIndex(expected: number): UuidIndex {
  let capacity = 1 << Math.max(4, Math.ceil(Math.log2(2 * expected + 2)));
  let slots = new Int32Array(capacity).fill(-1);
  let words = new Uint32Array(2 * capacity);
  let size = 0;
  const wanted = new Uint32Array(4);
  /** Where the words at `place` of `from` are or would go. */
  const slotOf = (from: Uint32Array, place: number): number => {
    // Random uuids need no mixing, made-up ones do.
    let slot = (Math.imul((from[place] as number) ^ Math.imul(from[place + 3] as number, 0x9e3779b1), 0x85ebca6b) >>> 7) & (capacity - 1);
    for (;;) {
      const number = slots[slot] as number;
      if (number === -1) return slot;
      const at = 4 * number;
      if (
        words[at] === from[place] &&
        words[at + 1] === from[place + 1] &&
        words[at + 2] === from[place + 2] &&
        words[at + 3] === from[place + 3]
      )
        return slot;
      slot = (slot + 1) & (capacity - 1);
    }
  };
  const grow = () => {
    capacity *= 2;
    const larger = new Uint32Array(2 * capacity);
    larger.set(words);
    words = larger;
    slots = new Int32Array(capacity).fill(-1);
    for (let number = 0; number < size; number++) slots[slotOf(words, 4 * number)] = number;
  };
  return {
    size: () => size,
    find(text, offset, add) {
      readUuid(text, offset, wanted, 0);
      const slot = slotOf(wanted, 0);
      if (slots[slot] !== -1 || !add) return slots[slot] as number;
      words.set(wanted, 4 * size);
      slots[slot] = size++;
      if (2 * size >= capacity) grow();
      return size - 1;
    },
  };
}
