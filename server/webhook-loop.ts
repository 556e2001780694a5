/**
 * Delivers webhooks in the background of every web process; SKIP LOCKED keeps them out of each other's way. Nothing
 * waits for it: an event is a row by then, and what a killed process had taken is due again after its lease.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../db/client";
import { deleteOldDeliveries } from "../db/queries/webhooks";
import type { WebhookRules } from "./services/webhook";
import { deliver, takeDue } from "./services/webhook-delivery";

const AT_ONCE = 20;
const PER_WEBHOOK = 5;
const IDLE_MS = 1_000;
const BUSY_MS = 20;
const AFTER_ERROR_MS = 10_000;
const KEPT_DAYS = 30;
const CLEAN_MS = 60 * 60 * 1000;

/** Runs until `signal` aborts. Never rejects: a database that is away is tried again. */
export async function deliverWebhooks(db: Db, rules: WebhookRules, signal: AbortSignal): Promise<void> {
  const underWay = new Map<string, number>();
  const count = (webhookId: string, by: number) => underWay.set(webhookId, (underWay.get(webhookId) ?? 0) + by);
  let cleanAt = 0;
  const step = async (): Promise<number> => {
    if (Date.now() >= cleanAt) {
      cleanAt = Date.now() + CLEAN_MS;
      await deleteOldDeliveries(db, KEPT_DAYS);
    }
    const room = AT_ONCE - [...underWay.values()].reduce((sum, n) => sum + n, 0);
    if (room <= 0) return BUSY_MS;
    const busy = [...underWay].flatMap(([id, n]) => (n > 0 ? [id] : []));
    const taken = await takeDue(db, { limit: room, perWebhook: PER_WEBHOOK, busy });
    for (const delivery of taken) {
      count(delivery.webhookId, 1);
      void deliver(db, delivery, rules, signal)
        .catch((error: unknown) => console.error(`webhook delivery ${delivery.id}:`, error))
        .finally(() => count(delivery.webhookId, -1));
    }
    return taken.length > 0 || busy.length > 0 ? BUSY_MS : IDLE_MS;
  };
  while (!signal.aborted) {
    const wait = await step().catch((error: unknown) => {
      console.error("webhooks:", error);
      return AFTER_ERROR_MS;
    });
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
