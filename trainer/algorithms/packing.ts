/**
 * Packing: several rows in one sequence, best fit decreasing, as TRL's "bfd" strategy does. The loss of a packed row is
 * its loss alone: positions begin anew with each row and attention is block-diagonal (completion-loss.ts).
 * Source: Johnson 1973 (best fit decreasing); Krell et al. 2021 (packing without cross-contamination).
 */
import { type Example, lengthOf } from "./examples";

/** Rows of each sequence, by index; none is longer than `capacity` tokens. Throws on a row that is longer by itself. */
export function packRows(rows: readonly Example[], capacity: number): number[][] {
  const lengths = rows.map(lengthOf);
  const order = [...rows.keys()].sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const packs: number[][] = [];
  /** Packs by the room that is left in them. */
  const byRoom: number[][] = Array.from({ length: capacity + 1 }, () => []);
  for (const row of order) {
    const length = lengths[row] ?? 0;
    if (length > capacity) throw new RangeError(`packRows: row ${row} has ${length} tokens, a sequence ${capacity}`);
    let room = length;
    while (room < capacity && byRoom[room]?.length === 0) room++;
    const found = byRoom[room]?.shift();
    const pack = found ?? packs.push([]) - 1;
    packs[pack]?.push(row);
    byRoom[(found === undefined ? capacity : room) - length]?.push(pack);
  }
  return packs;
}
