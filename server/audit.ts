/** Writing into the audit log: in the transaction of the change itself, so that neither is there without the other. */
import type { Db } from "../db/client";
import { hasRecentEntry, insertAuditEntry } from "../db/queries/audit";
import type { AuditAction, AuditDetails, AuditKind } from "../domain/audit";

/** Within this time, the same person seeing the same again is one entry, hours. */
const SEEN_HOURS = 1;

export type AuditEntry = {
  action: AuditAction;
  /** Null for what belongs to no project. */
  projectId: string | null;
  kind: AuditKind;
  id: string;
  /** No names, addresses or texts of a person: entries outlive a person's data. */
  details?: AuditDetails;
};

/** Notes a change or a download by the person `actorId`; `db` is the transaction that the change happens in. */
export async function recordAction(db: Db, actorId: string, { id, ...entry }: AuditEntry): Promise<void> {
  await insertAuditEntry(db, { ...entry, actorId, targetId: id });
}

/** Notes that somebody saw what is not for everybody; looking again within the hour is not written down again. */
export async function recordSight(db: Db, actorId: string, entry: AuditEntry): Promise<void> {
  if (await hasRecentEntry(db, { actorId, action: entry.action, targetId: entry.id }, SEEN_HOURS)) return;
  await recordAction(db, actorId, entry);
}
