/** The audit log: of a project for its owners, of the installation (projectId null) for admins. The CSV is a download, see app/api/audit. */
import { z } from "zod";
import { auditFilterSchema } from "../../domain/audit";
import { listAudit, listAuditActors } from "../services/audit-log";
import { projectProcedure, router } from "../trpc";

export const auditRouter = router({
  list: projectProcedure("owner")
    .input(
      auditFilterSchema.extend({
        /** The last id that was read; named as the client library pages. */
        cursor: z.number().int().optional(),
        limit: z.number().int().min(1).max(200).default(50),
        /** Sent by the client library with each page; there is only one way to read on. */
        direction: z.literal("forward").optional(),
      }),
    )
    .query(({ ctx, input: { direction: _, ...input } }) => listAudit(ctx, input)),
  actors: projectProcedure("owner")
    .input(z.strictObject({ projectId: z.uuid().nullable() }))
    .query(({ ctx, input }) => listAuditActors(ctx, input)),
});
