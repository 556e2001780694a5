import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { createUuidIndex } from "../../../db/uuid-index";

it("numbers uuids in order of appearance, wherever they stand in a text, however many there are", () => {
  const ids: string[] = Array.from({ length: 5000 }, () => randomUUID());
  // Ids that differ in one digit only, as made-up ones do.
  ids.push(
    ...Array.from({ length: 3000 }, (_, k) => `00000000-0000-4000-8000-${k.toString(16).padStart(12, "0")}`),
    ...Array.from({ length: 3000 }, (_, k) => `${(k + 1).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`),
  );
  const index = createUuidIndex(4);
  const text = ids.join(", ");
  ids.forEach((_, k) => expect(index.find(text, 38 * k, true)).toBe(k));
  ids.forEach((id, k) => expect(index.find(`["${id}"]`, 2, true)).toBe(k));
  expect(index.size()).toBe(ids.length);
  expect(index.find(randomUUID(), 0, false)).toBe(-1);
  expect(index.size()).toBe(ids.length);
});
