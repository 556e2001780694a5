/** Download of the audit log as CSV, as it is filtered. */
import { z } from "zod";
import { auditFilterSchema } from "@/domain/audit";
import { handleAs, parseParameters, streamStarted } from "@/server/http";
import { exportAudit } from "@/server/services/audit-log";

const parametersSchema = auditFilterSchema.extend({ projectId: z.uuid().nullable().default(null) });

export function GET(request: Request): Promise<Response> {
  return handleAs("annotator", async (ctx) => {
    const body = await streamStarted(exportAudit(ctx, parseParameters(parametersSchema, request)));
    return new Response(body, {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="audit-log.csv"',
        "cache-control": "private, no-store",
      },
    });
  });
}
