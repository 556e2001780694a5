/** Rows to files, in chunks as they are made. The same rows give the same bytes. */
import { stringify } from "csv-stringify/sync";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { ColumnType } from "../../domain/formats/judgement-layouts";
import type { FileKind } from "./file-kind";

type Row = Record<string, unknown>;
type Columns = Readonly<Record<string, ColumnType>>;

/** Rows that are written together. */
const BATCH = 1000;

/** Columns that are not named are those of the first thousand rows, with types that fit what these hold. */
export function writeRows(rows: AsyncIterable<Row>, kind: FileKind, columns: Columns | null): AsyncGenerator<Uint8Array> {
  switch (kind) {
    case "jsonl":
      return encode(inBatches(rows, (batch) => batch.map((row) => `${JSON.stringify(row)}\n`).join("")));
    case "json":
      return encode(writeJson(rows));
    case "csv":
      return encode(writeCsv(rows, columns));
    case "parquet":
      return writeParquet(rows, columns);
    default:
      return kind satisfies never;
  }
}

async function* collect(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function* inBatches(rows: AsyncIterable<Row>, write: (batch: Row[]) => string): AsyncGenerator<string> {
  for await (const batch of collect(rows)) yield write(batch);
}

async function* encode(texts: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const text of texts) yield encoder.encode(text);
}

async function* writeJson(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let first = true;
  for await (const batch of collect(rows)) {
    yield `${first ? "[\n" : ",\n"}${batch.map((row) => JSON.stringify(row)).join(",\n")}`;
    first = false;
  }
  yield first ? "[]\n" : "\n]\n";
}

const cell = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

async function* writeCsv(rows: AsyncIterable<Row>, given: Columns | null): AsyncGenerator<string> {
  let names: string[] | null = null;
  for await (const batch of collect(rows)) {
    const first = names === null;
    names ??= Object.keys(given ?? inferColumns(batch));
    const known = names;
    const text = stringify(batch.map((row) => known.map((name) => cell(row[name]))));
    yield first ? stringify([known]) + text : text;
  }
  if (names === null && given !== null) yield stringify([Object.keys(given)]);
}

/** The type that fits every value of a column; parts of different kinds are JSON. */
function inferColumns(batch: readonly Row[]): Columns {
  const types = new Map<string, ColumnType>();
  const empty = new Set<string>();
  for (const row of batch)
    for (const [name, value] of Object.entries(row)) {
      if (value === null || value === undefined) {
        empty.add(name);
        continue;
      }
      const type = typeOf(value);
      const before = types.get(name);
      if (before === undefined) types.set(name, type);
      else if (before !== type)
        types.set(name, (before === "int" && type === "double") || (before === "double" && type === "int") ? "double" : "json");
    }
  for (const name of empty) if (!types.has(name)) types.set(name, "text");
  return Object.fromEntries(types);
}

function typeOf(value: unknown): ColumnType {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? "int" : "double";
  if (!Array.isArray(value)) return "json";
  if (value.every((entry) => typeof entry === "string")) return "texts";
  if (value.every((entry) => typeOf(entry) === "int")) return "ints";
  const isMessage = (entry: unknown) => typeof entry === "object" && entry !== null && Object.keys(entry).sort().join() === "content,role";
  return value.every(isMessage) ? "messages" : "json";
}

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const list = (name: string, element: SchemaElement[]): SchemaElement[] => [
  { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  ...element,
];

/** Types as pandas and the datasets library read them: lists of texts and of messages are lists, the rest of what has parts is JSON. */
function schemaOf(name: string, type: ColumnType): SchemaElement[] {
  switch (type) {
    case "text":
      return [{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }];
    case "json":
      return [{ name, type: "BYTE_ARRAY", converted_type: "JSON", repetition_type: "OPTIONAL" }];
    case "int":
      return [{ name, type: "INT32", repetition_type: "OPTIONAL" }];
    case "double":
      return [{ name, type: "DOUBLE", repetition_type: "OPTIONAL" }];
    case "boolean":
      return [{ name, type: "BOOLEAN", repetition_type: "OPTIONAL" }];
    case "texts":
      return list(name, [{ name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }]);
    case "ints":
      return list(name, [{ name: "element", type: "INT32", repetition_type: "OPTIONAL" }]);
    case "messages":
      return list(name, [
        { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
        { name: "role", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "content", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ]);
    default:
      return type satisfies never;
  }
}

async function* writeParquet(rows: AsyncIterable<Row>, given: Columns | null): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const take = () => {
    const chunk = bytes.getBytes().slice();
    bytes.index = 0;
    return chunk;
  };
  const begin = (columns: Columns) => {
    const names = Object.entries(columns);
    const schema = [{ name: "root", num_children: names.length }, ...names.flatMap(([name, type]) => schemaOf(name, type))];
    return { names, writer: new ParquetWriter({ writer: bytes, schema, createdBy: "hone" }) };
  };
  let file: ReturnType<typeof begin> | null = null;
  for await (const batch of collect(rows)) {
    file ??= begin(given ?? inferColumns(batch));
    await file.writer.write({
      columnData: file.names.map(([name]) => ({ name, data: batch.map((row) => row[name] ?? null) })),
      rowGroupSize: BATCH,
    });
    yield take();
  }
  (file ?? begin(given ?? {})).writer.finish();
  yield take();
}
