/** Download of a human evaluation: ?format=csv for a line a rating, json for all that its results are computed of. */
import { z } from "zod";
import { AppError } from "@/server/errors";
import { writeRows } from "@/server/files/write-rows";
import { handleAs, parseParameters, streamBytes } from "@/server/http";
import { exportHumanEvaluation, exportRatingRows } from "@/server/services/human-evaluation-results";

const parametersSchema = z.strictObject({ format: z.enum(["csv", "json"]), votes: z.enum(["people", "simulated"]).default("people") });

export function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handleAs("annotator", async (ctx) => {
    const id = z.uuid().safeParse((await params).id);
    if (!id.success) throw new AppError("NOT_FOUND", "There is no such human evaluation.");
    const { format, votes } = parseParameters(parametersSchema, request);
    const input = { id: id.data, simulated: votes === "simulated" };
    const exported = await exportHumanEvaluation(ctx, input);
    const body = format === "json" ? JSON.stringify(exported, null, 2) : streamBytes(writeRows(exportRatingRows(ctx, input), "csv", null));
    const name = `${exported.name.replaceAll(/[^a-zA-Z0-9._-]/g, "-")}.${format}`;
    return new Response(body, {
      headers: {
        "content-type": `${format === "json" ? "application/json" : "text/csv"}; charset=utf-8`,
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "private, no-store",
      },
    });
  });
}
