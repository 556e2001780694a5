/** SQL on webhooks and their outbox: events are written with what they tell of, claimed with SKIP LOCKED, and settled. */
import { and, asc, desc, eq, lt, ne, sql } from "drizzle-orm";
import type { WebhookDataOf, WebhookEvent } from "../../domain/webhook";
import type { Db } from "../client";
import { seats, users, webhookDeliveries, webhooks } from "../schema";

export type WebhookRow = typeof webhooks.$inferSelect;
export type DeliveryRow = typeof webhookDeliveries.$inferSelect;

/** Puts an event into the outbox of each webhook that wants it, in the transaction of what it tells of. */
export async function insertEvent<Event extends WebhookEvent>(
  tx: Db,
  input: { projectId: string; event: Event; data: WebhookDataOf<Event> },
): Promise<void> {
  const { projectId, event, data } = input;
  await tx.execute(sql`
    insert into webhook_deliveries (webhook_id, event, data)
    select id, ${event}, ${JSON.stringify({ project_id: projectId, ...data })}::jsonb from webhooks
    where project_id = ${projectId} and enabled and events @> ${JSON.stringify([event])}::jsonb`);
}

/** Whether an item of work has all its judgements. Only sure while the caller holds the item's lock. */
export async function isItemComplete(tx: Db, itemId: string): Promise<boolean> {
  const [row] = await tx
    .select({ left: sql<number>`count(*) filter (where ${seats.judgementId} is null)::int` })
    .from(seats)
    .where(eq(seats.itemId, itemId));
  return row?.left === 0;
}

/** Webhooks of a project, oldest first, without their secrets, with how the last day's deliveries went. */
export function selectWebhooks(db: Db, projectId: string) {
  const lately = (state: string) =>
    sql<number>`(select count(*)::int from ${webhookDeliveries} where ${webhookDeliveries.webhookId} = ${webhooks.id} and ${webhookDeliveries.state} = ${state} and ${webhookDeliveries.createdAt} > now() - interval '1 day')`;
  return db
    .select({
      id: webhooks.id,
      url: webhooks.url,
      events: webhooks.events,
      enabled: webhooks.enabled,
      disabledReason: webhooks.disabledReason,
      createdBy: users.name,
      createdAt: webhooks.createdAt,
      delivered: lately("delivered"),
      pending: lately("pending"),
      failed: lately("failed"),
    })
    .from(webhooks)
    .leftJoin(users, eq(users.id, webhooks.createdBy))
    .where(eq(webhooks.projectId, projectId))
    .orderBy(asc(webhooks.createdAt), asc(webhooks.id));
}

export async function selectWebhook(db: Db, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select().from(webhooks).where(eq(webhooks.id, id));
  return row ?? null;
}

export async function insertWebhook(db: Db, row: typeof webhooks.$inferInsert): Promise<WebhookRow> {
  const [made] = await db.insert(webhooks).values(row).returning();
  if (made === undefined) throw new Error("The webhook was not stored");
  return made;
}

export async function updateWebhook(
  db: Db,
  id: string,
  change: Partial<Pick<WebhookRow, "url" | "events" | "enabled" | "disabledReason" | "secret">>,
): Promise<void> {
  await db.update(webhooks).set(change).where(eq(webhooks.id, id));
}

/** With its deliveries. */
export async function deleteWebhook(db: Db, id: string): Promise<void> {
  await db.delete(webhooks).where(eq(webhooks.id, id));
}

export function countWebhooks(db: Db, projectId: string): Promise<number> {
  return db.$count(webhooks, eq(webhooks.projectId, projectId));
}

/** Newest first. */
export function selectDeliveries(db: Db, input: { webhookId: string; limit: number }): Promise<DeliveryRow[]> {
  return db
    .select()
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.webhookId, input.webhookId))
    .orderBy(desc(webhookDeliveries.createdAt), desc(webhookDeliveries.id))
    .limit(input.limit);
}

export async function selectDelivery(db: Db, id: string): Promise<DeliveryRow | null> {
  const [row] = await db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id));
  return row ?? null;
}

export async function insertDelivery(db: Db, row: typeof webhookDeliveries.$inferInsert): Promise<DeliveryRow> {
  const [made] = await db.insert(webhookDeliveries).values(row).returning();
  if (made === undefined) throw new Error("The delivery was not stored");
  return made;
}

/** From the beginning, with the same id. */
export async function requeueDelivery(db: Db, id: string): Promise<void> {
  await db
    .update(webhookDeliveries)
    .set({ state: "pending", attempts: 0, dueAt: sql`now()`, finishedAt: null })
    .where(eq(webhookDeliveries.id, id));
}

export type ClaimedDelivery = Pick<DeliveryRow, "id" | "event" | "data" | "attempts" | "createdAt"> &
  Pick<WebhookRow, "url" | "secret"> & { webhookId: string };

/**
 * Takes deliveries that are due, at most `perWebhook` of each so that one slow receiver does not hold up the others, and
 * counts the attempt. Whoever takes one has `leaseSeconds` to settle it; then it is due again, for anybody.
 */
export async function claimDeliveries(
  db: Db,
  input: { limit: number; perWebhook: number; leaseSeconds: number; busy: readonly string[] },
): Promise<ClaimedDelivery[]> {
  const { limit, perWebhook, leaseSeconds, busy } = input;
  const claimed = (await db.execute(sql`
    update webhook_deliveries d
    set attempts = d.attempts + 1, due_at = now() + make_interval(secs => ${leaseSeconds})
    from webhooks w
    where w.id = d.webhook_id and d.id in (
      select due.id from webhooks on_, lateral (
        select id, due_at from webhook_deliveries
        where webhook_id = on_.id and state = 'pending' and due_at <= now()
        order by due_at limit ${perWebhook} for update skip locked) due
      where on_.enabled and not (on_.id::text = any(${sql.param([...busy])}::text[]))
      limit ${limit})
    returning d.id, d.webhook_id as "webhookId", d.event, d.data, d.attempts, d.created_at::text as "createdAt", w.url, w.secret`)) as unknown as (Omit<
    ClaimedDelivery,
    "createdAt"
  > & { createdAt: string })[];
  return claimed.map((row) => ({ ...row, createdAt: new Date(row.createdAt) }));
}

/** Only what was not taken again meanwhile: `attempts` is the claim's. */
export async function settleDelivery(
  db: Db,
  input: {
    id: string;
    attempts: number;
    outcome: { state: "delivered" | "failed" } | { retryInSeconds: number };
    status: number | null;
    reason: string | null;
  },
): Promise<void> {
  const { id, attempts, outcome, status, reason } = input;
  const next =
    "state" in outcome
      ? { state: outcome.state, finishedAt: sql`now()` }
      : { dueAt: sql`now() + make_interval(secs => ${outcome.retryInSeconds})` };
  await db
    .update(webhookDeliveries)
    .set({ ...next, status, reason })
    .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.attempts, attempts), eq(webhookDeliveries.state, "pending")));
}

export async function deleteOldDeliveries(db: Db, days: number): Promise<void> {
  await db
    .delete(webhookDeliveries)
    .where(and(ne(webhookDeliveries.state, "pending"), lt(webhookDeliveries.finishedAt, sql`now() - make_interval(days => ${days})`)));
}
