/**
 * Delivery of webhooks, signed as the Standard Webhooks specification says (standardwebhooks.com): webhook-id,
 * webhook-timestamp and webhook-signature, which is an HMAC-SHA256 over the three parts "id.timestamp.body". Each comes
 * at least once; a receiver knows one that comes again by its id.
 */
import { createHash, createHmac } from "node:crypto";
import type { Db } from "../../db/client";
import { type ClaimedDelivery, claimDeliveries, settleDelivery, updateWebhook } from "../../db/queries/webhooks";
import { MAX_ATTEMPTS, RETRY_SECONDS } from "../../domain/webhook";
import { createGuardedFetch } from "../guarded-fetch";
import { unseal } from "../sealed";
import { WEBHOOK_SECRETS, type WebhookRules } from "./webhook";

const TIMEOUT_MS = 15_000;
/** Longer than an attempt can take: before that, nobody else tries. */
const LEASE_SECONDS = 60;

/** `secret` is "whsec_" and the key in base64; `timestamp` in seconds since 1970. */
export function signMessage(secret: string, message: { id: string; timestamp: number; body: string }): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${message.id}.${message.timestamp}.${message.body}`).digest("base64")}`;
}

/** Up to a tenth more, by the message, so that those of one outage do not all come back at once. */
function waitSeconds(id: string, attempts: number): number {
  const share = createHash("sha256").update(`${id} ${attempts}`).digest().readUInt32LE() / 2 ** 32;
  return (RETRY_SECONDS[attempts - 1] ?? 0) * (1 + 0.1 * share);
}

/** What one attempt came to: the status, or why there was none. */
async function attempt(
  delivery: ClaimedDelivery,
  rules: WebhookRules,
  signal: AbortSignal,
): Promise<{ status: number | null; reason: string | null }> {
  try {
    const { id, event, data, createdAt } = delivery;
    const secret = unseal(delivery.secret, rules.secret, WEBHOOK_SECRETS);
    if (secret === null) throw new Error("The webhook's secret was stored under another secret of the server. Renew it");
    const body = JSON.stringify({ type: event, timestamp: createdAt.toISOString(), data });
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = {
      "content-type": "application/json",
      "user-agent": "Hone-Webhooks/1",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signMessage(secret, { id, timestamp, body }),
    };
    const response = await createGuardedFetch(rules)(delivery.url, {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const { status, statusText } = response;
    await response.body?.cancel();
    const good = status >= 200 && status < 300;
    const moved = status >= 300 && status < 400 ? "; redirects are not followed" : "";
    return { status, reason: good ? null : `The receiver answered ${status} ${statusText}`.trimEnd() + moved };
  } catch (error) {
    return { status: null, reason: describeFailure(error) };
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  if (cause.name === "TimeoutError") return `No answer within ${TIMEOUT_MS / 1000} s`;
  return cause.message || cause.name;
}

export async function deliver(db: Db, delivery: ClaimedDelivery, rules: WebhookRules, signal: AbortSignal): Promise<void> {
  const result = await attempt(delivery, rules, signal);
  // Stopped by us: the lease runs out, and another process tries.
  if (signal.aborted && result.status === null) return;
  const { id, attempts, webhookId } = delivery;
  const settled = { id, attempts, ...result };
  if (result.reason === null) await settleDelivery(db, { ...settled, outcome: { state: "delivered" } });
  else if (result.status === 410) {
    await settleDelivery(db, { ...settled, outcome: { state: "failed" } });
    await updateWebhook(db, webhookId, { enabled: false, disabledReason: "The receiver answered 410 Gone: it wants no more" });
  } else if (attempts >= MAX_ATTEMPTS)
    await settleDelivery(db, { ...settled, outcome: { state: "failed" }, reason: `${result.reason}; given up after ${attempts} attempts` });
  else await settleDelivery(db, { ...settled, outcome: { retryInSeconds: waitSeconds(id, attempts) } });
}

/** Deliveries that are due, taken for this process. `busy` are webhooks that have enough under way here. */
export function takeDue(db: Db, input: { limit: number; perWebhook: number; busy: readonly string[] }): Promise<ClaimedDelivery[]> {
  return claimDeliveries(db, { ...input, leaseSeconds: LEASE_SECONDS });
}
