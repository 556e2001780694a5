/** The audit log: what is written down of who changed what and who took what out. Votes and page views are not. */
import { z } from "zod";

/** Every action that is logged, in words. */
export const AUDIT_ACTIONS = {
  "project.created": "made the project",
  "project.changed": "changed settings",
  "queue.changed": "changed the queue",
  "annotator.changed": "changed an annotator's queue",
  "guideline.saved": "saved a guideline version",
  "data.imported": "imported data",
  "items.made": "made items",
  "item.purpose": "changed what an item is for",
  "evaluation.made": "made a human evaluation",
  "evaluation.closed": "closed or opened a human evaluation",
  "vote.accepted": "accepted a vote",
  "vote.sent_back": "sent a vote back",
  "votes.seen": "saw votes with names",
  "votes.exported": "downloaded judgements",
  "quality.seen": "saw annotators' quality with names",
  "dataset.frozen": "froze a dataset version",
  "dataset.exported": "downloaded a dataset version",
  "run.started": "started a run",
  "run.paused": "paused a run",
  "run.resumed": "resumed a run",
  "run.stopped": "stopped a run",
  "run.retried": "retried a run",
  "run.budget": "changed a run's budget",
  "endpoint.made": "registered an endpoint",
  "endpoint.changed": "changed an endpoint",
  "endpoint.removed": "removed an endpoint",
  "webhook.made": "made a webhook",
  "webhook.changed": "changed a webhook",
  "webhook.removed": "removed a webhook",
  "model.added": "added a model",
  "model.merged": "merged an adapter",
  "model.downloaded": "downloaded a checkpoint",
  "model.deleted": "deleted a checkpoint",
  "member.joined": "joined by invitation",
  "member.changed": "changed a member's role",
  "member.removed": "removed a member",
  "invitation.made": "made an invitation",
  "invitation.revoked": "revoked an invitation",
  "user.created": "added an account",
  "user.signed_up": "signed up",
  "user.role": "changed an account's role",
  "user.disabled": "disabled an account",
  "user.enabled": "enabled an account",
  "user.password": "changed a password",
  "person.exported": "downloaded the own data",
  "person.deleted": "deleted a person",
  "log.exported": "downloaded the log",
} as const;
export type AuditAction = keyof typeof AUDIT_ACTIONS;

export const auditActionSchema = z.enum(Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]]);

/** What an entry is about. */
export type AuditKind =
  | "project"
  | "user"
  | "invitation"
  | "guideline"
  | "item"
  | "judgement"
  | "dataset"
  | "run"
  | "checkpoint"
  | "endpoint"
  | "webhook"
  | "log";

/** Settings before and after, or what else tells the action: never names, addresses or texts of a person. */
export type AuditDetails = { before?: Record<string, unknown>; after?: Record<string, unknown> } & Record<string, unknown>;

/** Which entries to show. */
export const auditFilterSchema = z.strictObject({
  /** Null is the log of the whole installation. */
  projectId: z.uuid().nullable(),
  actorId: z.uuid().optional(),
  action: auditActionSchema.optional(),
  /** Days, UTC, both included. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;

/** Those settings whose value is another one, as they were and as they are. */
export function changedSettings<T extends Record<string, unknown>>(before: T, after: T): { before: Partial<T>; after: Partial<T> } {
  const changed = Object.keys(after).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const pick = (from: T) => Object.fromEntries(changed.map((key) => [key, from[key]])) as Partial<T>;
  return { before: pick(before), after: pick(after) };
}
