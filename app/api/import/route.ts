/** Upload of a file as the request's body: a preview, or the import itself. */
import { z } from "zod";
import { importKindSchema } from "@/domain/formats/import-row";
import { AppError } from "@/server/errors";
import { fileKindOf, fileKindSchema } from "@/server/files/file-kind";
import { readRows } from "@/server/files/read-rows";
import { handleAs, parseParameters } from "@/server/http";
import { importRows } from "@/server/services/import";

const columnsSchema = z.record(z.string(), z.string().max(100));

const parametersSchema = z.strictObject({
  projectId: z.uuid(),
  kind: importKindSchema,
  source: z.string().min(1).max(200),
  /** By default what the source's name ends in. */
  file: fileKindSchema.optional(),
  policy: z.enum(["keep", "refuse"]).default("refuse"),
  dryRun: z
    .enum(["0", "1"])
    .default("0")
    .transform((value) => value === "1"),
  /** JSON: the file's names of columns to ours. */
  columns: z
    .string()
    .max(4000)
    .default("{}")
    .transform((text, context) => {
      try {
        const parsed = columnsSchema.safeParse(JSON.parse(text));
        if (parsed.success) return parsed.data;
      } catch {
        // Said below, as for any other text.
      }
      context.addIssue({ code: "custom", message: "expected an object of names" });
      return z.NEVER;
    }),
});

export function POST(request: Request): Promise<Response> {
  return handleAs("researcher", async (ctx) => {
    const { file, ...parameters } = parseParameters(parametersSchema, request);
    if (request.body === null) throw new AppError("BAD_INPUT", "body: expected the file");
    const rows = readRows(request.body as unknown as AsyncIterable<Uint8Array>, file ?? fileKindOf(parameters.source));
    return Response.json(await importRows(ctx, parameters, rows));
  });
}
