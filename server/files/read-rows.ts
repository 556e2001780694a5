/** Files to rows, one after the other: memory holds a row (of Parquet: a group of them), never the file. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MAX_ROW } from "../../domain/formats/import-rows";
import { AppError } from "../errors";
import { readLines } from "../lines";
import type { FileKind } from "./file-kind";

/** `line` is where the row begins (JSONL, CSV), or its number (JSON, Parquet); both count from 1. */
export type SourceRow = { line: number; row: unknown } | { line: number; reason: string };

const PARQUET_ROWS = 1000;

export function readRows(stream: AsyncIterable<Uint8Array>, kind: FileKind): AsyncGenerator<SourceRow> {
  switch (kind) {
    case "jsonl":
      return readJsonLines(stream);
    case "json":
      return readJsonArray(stream);
    case "csv":
      return readCsv(stream);
    case "parquet":
      return readParquet(stream);
    default:
      return kind satisfies never;
  }
}

function parseJson(text: string, line: number): SourceRow {
  try {
    return { line, row: JSON.parse(text) };
  } catch (error) {
    return { line, reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const dropMark = (text: string) => text.replace(/^\uFEFF/, "");

async function* readJsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<SourceRow> {
  let line = 0;
  for await (const raw of readLines(stream)) {
    line += 1;
    const text = line === 1 ? dropMark(raw) : raw;
    if (text.trim() === "") continue;
    yield text.length > MAX_ROW
      ? { line, reason: `the line has ${text.length} characters; at most ${MAX_ROW} are read` }
      : parseJson(text, line);
  }
}

/** A list of objects: its entries are cut out by counting brackets outside of strings, and parsed one by one. */
async function* readJsonArray(stream: AsyncIterable<Uint8Array>): AsyncGenerator<SourceRow> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let buffer = "";
  let at = 0;
  let begun = false;
  let ended = false;
  let depth = 0;
  let inString = false;
  let from = -1;
  let n = 0;
  const text = (chunk?: Uint8Array) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new AppError("BAD_INPUT", "The file is not UTF-8 text. Save it as UTF-8 and import it again.", { cause: error });
    }
  };
  const cut = (to: number): SourceRow | null => {
    const entry = from < 0 ? "" : buffer.slice(from, to).trim();
    from = -1;
    if (entry === "") return null;
    n += 1;
    return parseJson(entry, n);
  };
  for await (const chunk of stream) {
    buffer += text(chunk);
    for (; at < buffer.length; at++) {
      const char = buffer.charCodeAt(at);
      if (inString) {
        if (char === 92 && at + 1 < buffer.length) at += 1;
        else if (char === 92) break;
        else if (char === 34) inString = false;
        continue;
      }
      if (!begun) {
        if (char === 91) begun = true;
        else if (char > 32)
          throw new AppError(
            "BAD_INPUT",
            "The file is no list of rows: expected [ at its beginning. One object a line is JSON lines (.jsonl).",
          );
        continue;
      }
      if (ended) {
        if (char > 32) throw new AppError("BAD_INPUT", `The list ends after ${n} rows, and the file goes on.`);
        continue;
      }
      if (depth === 0 && (char === 44 || char === 93)) {
        const row = cut(at);
        if (row !== null) yield row;
        ended = char === 93;
        continue;
      }
      if (from < 0 && char > 32) from = at;
      if (char === 34) inString = true;
      else if (char === 123 || char === 91) depth += 1;
      else if (char === 125 || char === 93) depth -= 1;
    }
    const keep = from < 0 ? at : from;
    buffer = buffer.slice(keep);
    at -= keep;
    if (from >= 0) from = 0;
    if (buffer.length > 2 * MAX_ROW)
      throw new AppError("BAD_INPUT", `Row ${n + 1} has more than ${2 * MAX_ROW} characters. Is a bracket or a quotation mark missing?`);
  }
  text();
  if (!ended)
    throw new AppError("BAD_INPUT", begun ? `The file ends in the middle of row ${n + 1}: the list is not closed.` : "The file is empty.");
}

/** Cells of these columns are lists or objects where they begin like one. */
const looksLikeJson = (text: string) => /^\s*[[{]/.test(text);
const NUMBERS = new Set([
  "margin",
  "choice",
  "preference",
  "overall_preference",
  "rank",
  "turn",
  "tstamp",
  "propensity",
  "active_ms",
  "idle_ms",
  "guideline_version",
]);
const BOOLEANS = new Set(["label", "untouched", "simulated", "anony"]);

/** A cell of CSV has no type: what a column of this name holds, and what the cell looks like, says how it is read. */
function readCell(name: string, text: string): unknown {
  if (text === "") return undefined;
  if (NUMBERS.has(name) && Number.isFinite(Number(text))) return Number(text);
  if (BOOLEANS.has(name) && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (!looksLikeJson(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function* readCsv(stream: AsyncIterable<Uint8Array>): AsyncGenerator<SourceRow> {
  const parser = parse({
    bom: true,
    columns: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: false,
    skip_records_with_error: true,
    max_record_size: MAX_ROW,
  });
  const bad: SourceRow[] = [];
  parser.on("skip", (error: CsvError) => bad.push({ line: Number(error.lines ?? 0), reason: error.message }));
  const reading = pipeline(Readable.from(stream), parser).catch(() => undefined);
  let line = 2;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
      // The parser reads ahead: what it skipped behind this row comes later.
      for (let skipped = bad[0]; skipped !== undefined && skipped.line < info.lines; skipped = bad[0]) {
        bad.shift();
        yield skipped;
        line = skipped.line + 1;
      }
      yield { line, row: Object.fromEntries(Object.entries(record).map(([name, text]) => [name, readCell(name, text)])) };
      line = info.lines + 1;
    }
  } catch (error) {
    if (error instanceof CsvError) throw new AppError("BAD_INPUT", `The file is no CSV: ${error.message}`, { cause: error });
    throw error;
  }
  await reading;
  yield* bad;
}

/** Parquet is read from its end: the upload is put into a file of its own first, which is gone afterwards. */
async function* readParquet(stream: AsyncIterable<Uint8Array>): AsyncGenerator<SourceRow> {
  const folder = await mkdtemp(path.join(tmpdir(), "hone-parquet-"));
  const name = path.join(folder, "upload.parquet");
  try {
    await pipeline(Readable.from(stream), createWriteStream(name, { mode: 0o600 }));
    const file = await asyncBufferFromFile(name);
    const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
      throw new AppError("BAD_INPUT", `The file is no Parquet file: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
    const rows = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < rows; rowStart += PARQUET_ROWS) {
      const page = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd: Math.min(rows, rowStart + PARQUET_ROWS) });
      for (const [i, row] of page.entries()) yield { line: rowStart + i + 1, row: plain(row) };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Values as JSON has them: whole numbers of 64 bits as numbers, times as text, nothing for null. */
function plain(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  return value;
}
