/** Webhooks: which events a project tells of, what is sent, and when a delivery is tried again. */
import { z } from "zod";

export const WEBHOOK_EVENTS = ["judgement.created", "judgement.undone", "item.completed", "dataset.created", "run.finished"] as const;
export const webhookEventSchema = z.enum(WEBHOOK_EVENTS);
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

export const EVENT_WORDS: Readonly<Record<WebhookEvent, string>> = {
  "judgement.created": "Somebody judged an item",
  "judgement.undone": "A judgement was taken back, or sent back by a reviewer",
  "item.completed": "An item has all the judgements it wants",
  "dataset.created": "A dataset version was frozen",
  "run.finished": "A run succeeded, failed or was cancelled",
};

/** Ids and states, no texts: what they stand for is read from the API, with its token. */
export type WebhookData = Record<string, string | number | null>;

export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Seconds from one attempt to the next, as the Standard Webhooks specification has them: given up after three days. */
export const RETRY_SECONDS: readonly number[] = [
  5,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
export const MAX_ATTEMPTS = RETRY_SECONDS.length + 1;

export const webhookInputSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "Enter an address such as https://example.org/hooks" }).max(2000, "At most 2000 characters"),
  events: z.array(webhookEventSchema).min(1, "Choose at least one").max(WEBHOOK_EVENTS.length),
});
export type WebhookInput = z.infer<typeof webhookInputSchema>;
