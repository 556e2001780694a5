/** Webhooks: which events a project tells of, what is sent, and when a delivery is tried again. */
import { z } from "zod";
import { datasetKindSchema } from "./dataset";
import { itemPurposeSchema } from "./queue";
import { runKindSchema, runStateSchema } from "./run";

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

const project_id = z.uuid();
const judgementData = z.strictObject({
  project_id,
  judgement_id: z.uuid(),
  item_id: z.uuid(),
  kind: z.string(),
  purpose: itemPurposeSchema,
});

/** What is sent with each: ids and states, no texts. What they stand for is read from the API, with its token. */
export const webhookDataSchemas = {
  "judgement.created": judgementData,
  "judgement.undone": judgementData,
  "item.completed": z.strictObject({ project_id, item_id: z.uuid() }),
  "dataset.created": z.strictObject({ project_id, dataset_id: z.uuid(), kind: datasetKindSchema, version: z.number().int() }),
  "run.finished": z.strictObject({ project_id, run_id: z.uuid(), kind: runKindSchema, state: runStateSchema, reason: z.string() }),
} as const satisfies Record<WebhookEvent, z.ZodObject>;

/** The project's id comes with every event. */
export type WebhookDataOf<Event extends WebhookEvent> = Omit<z.infer<(typeof webhookDataSchemas)[Event]>, "project_id">;
export type WebhookData = Readonly<Record<string, string | number>>;

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
