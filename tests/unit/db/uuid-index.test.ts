import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { createUuidIndex, findUuid, readUuidBytes, readUuidText } from "../../../db/uuid-index";

it("numbers uuids in order of appearance, as text and as bytes, however many there are", () => {
  const ids: string[] = Array.from({ length: 5000 }, () => randomUUID());
  // Ids that differ in one digit only, as made-up ones do.
  ids.push(
    ...Array.from({ length: 3000 }, (_, k) => `00000000-0000-4000-8000-${k.toString(16).padStart(12, "0")}`),
    ...Array.from({ length: 3000 }, (_, k) => `${(k + 1).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`),
  );
  const index = createUuidIndex(4);
  const words = new Uint32Array(6);
  const ofText = (text: string, offset: number, add: boolean) => {
    readUuidText(Buffer.from(text), offset, words, 1);
    return index.find(words, 1, add);
  };
  const ofBytes = (id: string) => {
    readUuidBytes(Buffer.from(`ff${id.replaceAll("-", "")}`, "hex"), 1, words, 2);
    return index.find(words, 2, false);
  };
  ids.forEach((id, k) => expect(ofText(`["${id}"]`, 2, true)).toBe(k));
  ids.forEach((id, k) => expect(ofBytes(id)).toBe(k));
  expect(index.size()).toBe(ids.length);
  ids.forEach((id, k) => expect(findUuid(index, id)).toBe(k));
  expect(findUuid(index, randomUUID())).toBe(-1);
  expect(index.size()).toBe(ids.length);
});
