/** Upload of a JSONL file as the request's body: a preview, or the import itself. */
import { z } from "zod";
import { importKindSchema } from "@/domain/formats/import-row";
import { AppError } from "@/server/errors";
import { handleAs, parseParameters } from "@/server/http";
import { readLines } from "@/server/lines";
import { importLines } from "@/server/services/import";

const parametersSchema = z.strictObject({
  projectId: z.uuid(),
  kind: importKindSchema,
  source: z.string().min(1).max(200),
  policy: z.enum(["keep", "refuse"]).default("refuse"),
  dryRun: z.enum(["0", "1"]).default("0").transform((value) => value === "1"),
});

export function POST(request: Request): Promise<Response> {
  return handleAs("researcher", async (ctx) => {
    const parameters = parseParameters(parametersSchema, request);
    if (request.body === null) throw new AppError("BAD_INPUT", "body: expected the file");
    return Response.json(await importLines(ctx, parameters, readLines(request.body as unknown as AsyncIterable<Uint8Array>)));
  });
}
