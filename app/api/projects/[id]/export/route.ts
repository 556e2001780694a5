/** Download of a project's judgements, streamed. */
import { z } from "zod";
import { judgementLayoutSchema } from "@/domain/formats/judgement-layouts";
import { AppError } from "@/server/errors";
import { fileKindSchema, MEDIA_TYPES } from "@/server/files/file-kind";
import { handleAs, parseParameters, streamBytes } from "@/server/http";
import { exportJudgements } from "@/server/services/export";
import { getProject } from "@/server/services/project";

const parametersSchema = z.strictObject({
  layout: judgementLayoutSchema.default("hone"),
  file: fileKindSchema.default("jsonl"),
  votes: z.enum(["people", "simulated"]).default("people"),
});

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handleAs("researcher", async (ctx) => {
    const id = z.uuid().safeParse((await params).id);
    if (!id.success) throw new AppError("NOT_FOUND", "There is no such project.");
    const { layout, file, votes } = parseParameters(parametersSchema, request);
    const { slug } = await getProject(ctx, { projectId: id.data });
    const name = `${slug}-judgements${votes === "simulated" ? "-simulated" : ""}.${layout}.${file}`;
    return new Response(streamBytes(exportJudgements(ctx, { projectId: id.data, simulated: votes === "simulated", layout, file })), {
      headers: {
        "content-type": MEDIA_TYPES[file],
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "private, no-store",
      },
    });
  });
}
