/** Reading the audit log: a project's for its owners, the whole one for admins. */
import { stringify } from "csv-stringify/sync";
import { type AuditRow, selectAuditActors, selectAuditEntries } from "../../db/queries/audit";
import { AUDIT_ACTIONS, type AuditFilter } from "../../domain/audit";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const CSV_PAGE = 1000;

async function requireReader(ctx: UserContext, projectId: string | null): Promise<void> {
  if (projectId !== null) await requireProject(ctx, { project: projectId }, "owner");
  else if (ctx.user.role !== "admin") throw new AppError("FORBIDDEN", "The log of the whole installation is for admins.");
}

/** Newest first; `nextCursor` reads on and is null at the end. */
export async function listAudit(ctx: UserContext, input: AuditFilter & { cursor?: number | undefined; limit: number }) {
  await requireReader(ctx, input.projectId);
  const { cursor, limit, ...filter } = input;
  const rows = await selectAuditEntries(ctx.db, { ...filter, before: cursor, limit: limit + 1 });
  const entries = rows.slice(0, limit);
  return { entries, nextCursor: rows.length > limit ? (entries.at(-1)?.id ?? null) : null };
}

/** Who can be filtered by. */
export async function listAuditActors(ctx: UserContext, input: { projectId: string | null }) {
  await requireReader(ctx, input.projectId);
  return selectAuditActors(ctx.db, input.projectId);
}

const COLUMNS = ["time", "person", "person_id", "action", "project", "kind", "target_id", "target", "details"] as const;

/** A text that a spreadsheet would take for a formula is kept one by an apostrophe. */
const plain = (cell: string) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);

function toCells({ at, actor, actorId, action, project, kind, targetId, target, details }: AuditRow): string[] {
  return [
    at.toISOString(),
    actor ?? "",
    actorId ?? "",
    AUDIT_ACTIONS[action],
    project ?? "",
    kind,
    targetId,
    target ?? "",
    JSON.stringify(details),
  ].map(plain);
}

/** The log as CSV (RFC 4180), newest first. That it was taken out is an entry itself. */
export async function* exportAudit(ctx: UserContext, filter: AuditFilter): AsyncGenerator<Uint8Array> {
  await requireReader(ctx, filter.projectId);
  const { projectId } = filter;
  await recordAction(ctx.db, ctx.user.id, { action: "log.exported", projectId, kind: "log", id: projectId ?? "all" });
  const encoder = new TextEncoder();
  yield encoder.encode(stringify([[...COLUMNS]], { record_delimiter: "windows" }));
  let before: number | undefined;
  while (true) {
    const rows: AuditRow[] = await selectAuditEntries(ctx.db, { ...filter, before, limit: CSV_PAGE });
    if (rows.length > 0) yield encoder.encode(stringify(rows.map(toCells), { record_delimiter: "windows" }));
    before = rows.at(-1)?.id;
    if (rows.length < CSV_PAGE) return;
  }
}
