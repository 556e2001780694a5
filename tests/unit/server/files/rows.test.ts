import { describe, expect, it } from "vitest";
import { type ColumnType, LAYOUT_COLUMNS } from "../../../../domain/formats/judgement-layouts";
import { fileKindOf, fileKindSchema } from "../../../../server/files/file-kind";
import { readRows, type SourceRow } from "../../../../server/files/read-rows";
import { writeRows } from "../../../../server/files/write-rows";
import { goldenPath } from "../../../helpers/golden";
import { readFileSync } from "node:fs";

/** Bytes in chunks of a few, so that every row and every character is cut somewhere. */
async function* inChunks(bytes: Uint8Array | string, size = 7): AsyncGenerator<Uint8Array> {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  for (let i = 0; i < all.length; i += size) yield all.subarray(i, i + size);
}
async function readAll(bytes: Uint8Array | string, kind: Parameters<typeof readRows>[1]): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of readRows(inChunks(bytes), kind)) rows.push(row);
  return rows;
}
async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}
async function write(
  rows: Record<string, unknown>[],
  kind: Parameters<typeof writeRows>[1],
  columns: Readonly<Record<string, ColumnType>> | null,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeRows(each(rows), kind, columns)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const ROWS = Array.from({ length: 2300 }, (_, i) => ({
  prompt: [{ role: "user", content: `Frage ${i}: "Wie, bitte?"\nÄ 漢 🙂` }],
  chosen: [{ role: "assistant", content: `[${i}] {so}` }],
  rejected: [{ role: "assistant", content: "\\ ,;\r\n" }],
  ...(i % 3 === 0 ? { margin: (i % 3) + 1 } : {}),
  split: "train",
  group: `g${i}`,
  judgement_id: `id-${i}`,
}));

describe("what is written reads back as it was", () => {
  it.each(fileKindSchema.options)("%s", async (kind) => {
    const bytes = await write(ROWS, kind, LAYOUT_COLUMNS["trl-explicit"]);
    const read = await readAll(bytes, kind);
    expect(read).toHaveLength(ROWS.length);
    for (const place of [0, 1, 999, 1000, 2299]) {
      const row = read[place];
      if (row === undefined || "reason" in row) throw new Error(`row ${place}`);
      // A missing value may come back as nothing; every other field is the same.
      expect(JSON.parse(JSON.stringify(row.row))).toEqual(ROWS[place]);
    }
  });
  it.each(["csv", "parquet"] as const)("%s, with columns found in the rows, one of which is empty at first", async (kind) => {
    const rows = [
      { messages: [{ role: "user", content: "x" }], ranks: [1, 2], completions: ["a", "b"], margin: null, ok: true, score: 0.5 },
      { messages: [{ role: "user", content: "y" }], ranks: [2, 1], completions: ["c"], margin: 3, ok: false, score: 1 },
    ];
    const bytes = await write(rows, kind, null);
    const read = (await readAll(bytes, kind)).map((row) => ("row" in row ? JSON.parse(JSON.stringify(row.row)) : row));
    const { margin: _, ...first } = rows[0] ?? { margin: null };
    // CSV has no types: what a column of no known name holds comes back as text.
    expect(read).toEqual(
      kind === "csv"
        ? [
            { ...first, ok: "true", score: "0.5" },
            { ...rows[1], ok: "false", score: "1" },
          ]
        : [first, rows[1]],
    );
  });
  it("the same rows are the same bytes", async () => {
    for (const kind of fileKindSchema.options)
      expect(await write(ROWS.slice(0, 20), kind, LAYOUT_COLUMNS["trl-explicit"])).toEqual(
        await write(ROWS.slice(0, 20), kind, LAYOUT_COLUMNS["trl-explicit"]),
      );
  });
});

describe("bad rows are told with their place, and the good ones read", () => {
  it("JSON lines", async () => {
    expect(await readAll('\uFEFF{"a":1}\n\n{"a":\n{"a":3}', "jsonl")).toEqual([
      { line: 1, row: { a: 1 } },
      { line: 3, reason: expect.stringMatching(/^not JSON/) },
      { line: 4, row: { a: 3 } },
    ]);
  });
  it("a JSON list", async () => {
    expect(await readAll(' [ {"a": "]},{\\"["} , {"a": tru}, {"a": [1, {"b": 2}]} ] \n', "json")).toEqual([
      { line: 1, row: { a: ']},{"[' } },
      { line: 2, reason: expect.stringMatching(/^not JSON/) },
      { line: 3, row: { a: [1, { b: 2 }] } },
    ]);
    expect(await readAll("[]", "json")).toEqual([]);
    await expect(readAll('{"a": 1}', "json")).rejects.toThrow(/JSON lines/);
    await expect(readAll('[{"a": 1}', "json")).rejects.toThrow(/not closed/);
    await expect(readAll("", "json")).rejects.toThrow(/empty/);
  });
  it("CSV, with line breaks in cells, types by name, and a row of too few cells", async () => {
    const text =
      '\uFEFFprompt,chosen,margin\r\n"two\nlines",A,2\r\nonly two,B\r\n"[{""role"": ""user"", ""content"": ""x""}]","a ""b""",\r\n';
    expect(await readAll(text, "csv")).toEqual([
      { line: 2, row: { prompt: "two\nlines", chosen: "A", margin: 2 } },
      { line: expect.any(Number), reason: expect.stringMatching(/Record Length/) },
      { line: 5, row: { prompt: [{ role: "user", content: "x" }], chosen: 'a "b"', margin: undefined } },
    ]);
  });
  it("a file that is no Parquet", async () => {
    await expect(readAll("not parquet at all", "parquet")).rejects.toThrow(/no Parquet file/);
  });
});

it("reads Parquet as pyarrow and the datasets library write it", async () => {
  const rows = await readAll(readFileSync(goldenPath("formats", "trl.parquet")), "parquet");
  expect(rows.map((row) => ("row" in row ? row.row : row.reason))).toEqual(
    JSON.parse(readFileSync(goldenPath("formats", "trl.json"), "utf8")),
  );
});

it("the name says the kind", () => {
  expect(["a.csv", "b.PARQUET", "c.json", "d.ndjson", "e"].map(fileKindOf)).toEqual(["csv", "parquet", "json", "jsonl", "jsonl"]);
});
