/** SQL on the audit log, which is only ever inserted into and read. */
import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { AuditFilter } from "../../domain/audit";
import type { Db } from "../client";
import { auditEntries, projects, users } from "../schema";

export type NewAuditEntry = typeof auditEntries.$inferInsert;

export async function insertAuditEntry(db: Db, entry: NewAuditEntry): Promise<void> {
  await db.insert(auditEntries).values(entry);
}

/** Whether the same person did the same to the same thing within the last `hours`. */
export async function hasRecentEntry(
  db: Db,
  entry: Pick<NewAuditEntry, "actorId" | "action" | "targetId">,
  hours: number,
): Promise<boolean> {
  const { actorId, action, targetId } = entry;
  const [row] = await db
    .select({ id: auditEntries.id })
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.actorId, actorId ?? ""),
        eq(auditEntries.action, action),
        eq(auditEntries.targetId, targetId),
        gte(auditEntries.createdAt, sql`now() - make_interval(hours => ${hours})`),
      ),
    )
    .limit(1);
  return row !== undefined;
}

const utc = (day: string) => sql`${day}::date::timestamp at time zone 'UTC'`;

/** Newest first, below the id `before`. Names are those of now: of a deleted person, the pseudonym. */
export function selectAuditEntries(db: Db, input: AuditFilter & { before?: number | undefined; limit: number }) {
  const { projectId, actorId, action, from, to, before, limit } = input;
  return db
    .select({
      id: auditEntries.id,
      at: auditEntries.createdAt,
      actorId: auditEntries.actorId,
      actor: users.name,
      action: auditEntries.action,
      projectId: auditEntries.projectId,
      project: projects.name,
      kind: auditEntries.kind,
      targetId: auditEntries.targetId,
      /** Of what is a person or a project: its name now. */
      target: sql<string | null>`case ${auditEntries.kind}
        when 'user' then (select name from users target where target.id::text = ${auditEntries.targetId})
        when 'dataset' then (select kind || ' version ' || version from dataset_versions d where d.id::text = ${auditEntries.targetId})
        when 'run' then (select name from runs r where r.id::text = ${auditEntries.targetId}) end`,
      details: auditEntries.details,
    })
    .from(auditEntries)
    .leftJoin(users, eq(users.id, auditEntries.actorId))
    .leftJoin(projects, eq(projects.id, auditEntries.projectId))
    .where(
      and(
        projectId === null ? undefined : eq(auditEntries.projectId, projectId),
        actorId === undefined ? undefined : eq(auditEntries.actorId, actorId),
        action === undefined ? undefined : eq(auditEntries.action, action),
        from === undefined ? undefined : gte(auditEntries.createdAt, utc(from)),
        to === undefined ? undefined : lt(auditEntries.createdAt, sql`${utc(to)} + interval '1 day'`),
        before === undefined ? undefined : lt(auditEntries.id, before),
      ),
    )
    .orderBy(desc(auditEntries.id))
    .limit(limit);
}

export type AuditRow = Awaited<ReturnType<typeof selectAuditEntries>>[number];

/** Who is in the log, by name. */
export function selectAuditActors(db: Db, projectId: string | null) {
  return db
    .selectDistinct({ id: users.id, name: users.name })
    .from(auditEntries)
    .innerJoin(users, eq(users.id, auditEntries.actorId))
    .where(projectId === null ? undefined : eq(auditEntries.projectId, projectId))
    .orderBy(users.name);
}
