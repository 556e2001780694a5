/** Download of a dataset version, streamed. */
import { z } from "zod";
import { splitSchema } from "@/domain/prompt";
import { AppError } from "@/server/errors";
import { fileKindSchema, MEDIA_TYPES } from "@/server/files/file-kind";
import { writeRows } from "@/server/files/write-rows";
import { handleAs, parseParameters, streamBytes } from "@/server/http";
import { exportDataset, type ExportFormat, getDataset } from "@/server/services/dataset";

const parametersSchema = z.strictObject({
  format: z.enum(["hone", "trl-preference", "trl-sft"]),
  prompt: z.enum(["explicit", "implicit"]).default("explicit"),
  layout: z.enum(["messages", "prompt-completion"]).default("messages"),
  shape: z.enum(["messages", "string"]).default("messages"),
  split: splitSchema.optional(),
  file: fileKindSchema.default("jsonl"),
});

function toFormat({ format, prompt, layout, shape }: z.infer<typeof parametersSchema>): ExportFormat {
  switch (format) {
    case "hone":
      return { format };
    case "trl-preference":
      return { format, prompt, shape };
    case "trl-sft":
      return { format, layout, shape };
    default:
      return format satisfies never;
  }
}

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handleAs("researcher", async (ctx) => {
    const id = z.uuid().safeParse((await params).id);
    if (!id.success) throw new AppError("NOT_FOUND", "There is no such dataset version.");
    const parameters = parseParameters(parametersSchema, request);
    const input = { datasetId: id.data, splits: parameters.split === undefined ? undefined : [parameters.split], ...toFormat(parameters) };
    const { kind, version, hash } = await getDataset(ctx, input);
    const { file } = parameters;
    const rows = exportDataset(ctx, input);
    const first = await rows.next();
    const name = `${kind}-v${version}-${hash.slice(0, 8)}${parameters.split === undefined ? "" : `-${parameters.split}`}.${parameters.format}.${file}`;
    return new Response(streamBytes(writeRows(withFirst(first, rows), file, null)), {
      headers: {
        "content-type": MEDIA_TYPES[file],
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "private, no-store",
      },
    });
  });
}

type Row = Record<string, unknown>;

/** The first row is read before the answer begins, so that a refusal is still an error and not a broken file. */
async function* withFirst(first: IteratorResult<Row>, rest: AsyncGenerator<Row>): AsyncGenerator<Row> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
