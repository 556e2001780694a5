/** A file as the request's body, or one on the Hugging Face hub: a preview, or the import itself. */
import { z } from "zod";
import { importKindSchema } from "@/domain/formats/import-row";
import { AppError } from "@/server/errors";
import { fileKindOf, fileKindSchema } from "@/server/files/file-kind";
import { readRows } from "@/server/files/read-rows";
import { handleAs, parseParameters } from "@/server/http";
import { hubRepoSchema, readHubFile } from "@/server/services/hub";
import { importRows } from "@/server/services/import";

const columnsSchema = z.record(z.string(), z.string().max(100));

const parametersSchema = z.strictObject({
  projectId: z.uuid(),
  kind: importKindSchema,
  source: z.string().min(1).max(200),
  /** A data set on the Hugging Face hub and the path of the file in it, instead of a body. */
  hub: hubRepoSchema.optional(),
  path: z.string().min(1).max(500).optional(),
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
  return handleAs("annotator", async (ctx) => {
    const { file, hub, path, ...parameters } = parseParameters(parametersSchema, request);
    const onHub = hub !== undefined && path !== undefined;
    if (!onHub && request.body === null) throw new AppError("BAD_INPUT", "body: expected the file");
    const bytes = onHub ? await readHubFile(ctx, { repo: hub, path }) : (request.body as unknown as AsyncIterable<Uint8Array>);
    const rows = readRows(bytes, file ?? fileKindOf(path ?? parameters.source));
    return Response.json(await importRows(ctx, parameters, rows));
  });
}
