/** Kinds of files that rows come in and go out as. */
import { z } from "zod";

export const fileKindSchema = z.enum(["jsonl", "json", "csv", "parquet"]);
export type FileKind = z.infer<typeof fileKindSchema>;

export const MEDIA_TYPES: Record<FileKind, string> = {
  jsonl: "application/x-ndjson; charset=utf-8",
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
};

/** By the file's name; JSON lines where it says nothing. */
export function fileKindOf(name: string): FileKind {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  return ending === "json" || ending === "csv" || ending === "parquet" ? ending : "jsonl";
}
