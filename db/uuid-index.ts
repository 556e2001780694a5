/** Numbers for uuids read out of many bytes, without making a string of each: a hash table over their 128 bits. */

export type UuidIndex = {
  /** Number of the uuid in the four words from `place`, in order of first appearance; -1 where it is new and `add` is false. */
  find(words: Uint32Array, place: number, add: boolean): number;
  size(): number;
};

const DIGITS = new Uint8Array(256);
for (const digit of "0123456789abcdef") DIGITS[digit.charCodeAt(0)] = Number.parseInt(digit, 16);
const HYPHEN = 45;

/** Writes the four words of the uuid written at `offset` (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, lower case) to `out` from `place`. */
export function readUuidText(bytes: Uint8Array, offset: number, out: Uint32Array, place: number): void {
  let at = offset;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digit = 0; digit < 8; digit++) {
      if (bytes[at] === HYPHEN) at++;
      value = (value << 4) | (DIGITS[bytes[at++] as number] as number);
    }
    out[place + word] = value;
  }
}

/** The same of its 16 bytes. */
export function readUuidBytes(bytes: Buffer, offset: number, out: Uint32Array, place: number): void {
  for (let word = 0; word < 4; word++) out[place + word] = bytes.readUInt32BE(offset + 4 * word);
}

export function createUuidIndex(expected: number): UuidIndex {
  let capacity = 1 << Math.max(4, Math.ceil(Math.log2(2 * expected + 2)));
  let slots = new Int32Array(capacity).fill(-1);
  let words = new Uint32Array(2 * capacity);
  let size = 0;
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
    find(from, place, add) {
      const slot = slotOf(from, place);
      if (slots[slot] !== -1 || !add) return slots[slot] as number;
      for (let word = 0; word < 4; word++) words[4 * size + word] = from[place + word] as number;
      slots[slot] = size++;
      if (2 * size >= capacity) grow();
      return size - 1;
    },
  };
}

/** Number of the uuid `id`, -1 where `index` does not know it. */
export function findUuid(index: UuidIndex, id: string): number {
  const words = new Uint32Array(4);
  readUuidText(Buffer.from(id), 0, words, 0);
  return index.find(words, 0, false);
}
