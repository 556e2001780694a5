/** Lists in pages: keyset cursors, so that rows that were there are neither missed nor given twice, whatever is added meanwhile. */
import { z } from "zod";
import type { Place } from "../../db/queries/api-pages";

const placeSchema = z.tuple([z.string().max(40), z.uuid()]);

function readCursor(text: string): Place | null {
  try {
    const parsed = placeSchema.safeParse(JSON.parse(Buffer.from(text, "base64url").toString()));
    // PostgreSQL reads the moment: what is none would be an error of ours.
    if (parsed.success && /^\d{4}-\d\d-\d\d[ T][\d:.]+(Z|[+-][\d:]+)$/.test(parsed.data[0]))
      return { at: parsed.data[0], id: parsed.data[1] };
  } catch {
    // Said by the schema, as for any other text.
  }
  return null;
}

export const writeCursor = ({ at, id }: Place): string => Buffer.from(JSON.stringify([at, id])).toString("base64url");

export const cursorSchema = z
  .string()
  .max(200)
  .transform((text, context) => {
    const place = readCursor(text);
    if (place !== null) return place;
    context.addIssue({ code: "custom", message: "Expected next_cursor of an earlier answer" });
    return z.NEVER;
  })
  .optional()
  .describe("next_cursor of the answer before");

export const limitSchema = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual).describe("Most rows of one answer");

/** A moment with its zone; microseconds are kept. */
export const momentSchema = z.iso.datetime({ offset: true, error: "Expected a moment such as 2026-01-31T12:00:00Z" });

export const listQuery = z.strictObject({
  limit: limitSchema(100, 50),
  cursor: cursorSchema,
  order: z.enum(["asc", "desc"]).default("asc").describe("asc: oldest first; desc: newest first"),
  created_since: momentSchema.optional().describe("Made at this moment or later"),
});

export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({
    data: z.array(row),
    has_more: z.boolean(),
    next_cursor: z.string().nullable().describe("Give it as cursor to read on; null where nothing was read yet"),
  });
}

/** `rows` were asked for with one more than `limit`, by which it is known whether there are more. */
export function toPage<Row extends { place: Place }, Out>(
  rows: readonly Row[],
  input: { limit: number; cursor?: Place | undefined },
  write: (row: Row) => Out,
) {
  const shown = rows.slice(0, input.limit);
  const last = shown.at(-1)?.place ?? input.cursor;
  return { data: shown.map(write), has_more: rows.length > shown.length, next_cursor: last === undefined ? null : writeCursor(last) };
}
