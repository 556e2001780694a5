/** Webhooks of a project, for its researchers: where its events go, and what became of them. */
import { randomBytes } from "node:crypto";
import {
  countWebhooks,
  deleteWebhook,
  insertDelivery,
  insertWebhook,
  requeueDelivery,
  selectDeliveries,
  selectDelivery,
  selectWebhook,
  selectWebhooks,
  updateWebhook,
  type WebhookRow,
} from "../../db/queries/webhooks";
import type { WebhookInput } from "../../domain/webhook";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";
import { isPrivateAddress, literalAddress } from "../guarded-fetch";
import { seal } from "../sealed";

/** What the secrets are sealed for. */
export const WEBHOOK_SECRETS = "webhook secrets";
const MAX_WEBHOOKS = 10;
const SHOWN_DELIVERIES = 50;

/** What of the environment decides about webhooks. */
export type WebhookRules = { secret: string; allowPrivate: boolean };

/** "whsec_" and 24 random bytes in base64, as the Standard Webhooks specification has secrets. */
const makeSecret = () => `whsec_${randomBytes(24).toString("base64")}`;

/** Names are looked up when something is sent; what is wrong already is said at once. */
function checkUrl(text: string, { allowPrivate }: WebhookRules): void {
  if (allowPrivate) return;
  const url = new URL(text);
  const address = literalAddress(url);
  if (url.protocol !== "https:") throw fieldError("url", "Expected https, so that nobody on the way can read it");
  if (url.username !== "" || url.password !== "")
    throw fieldError("url", "Expected an address without a password; deliveries are signed instead");
  if (url.hostname === "localhost" || (address !== null && isPrivateAddress(address)))
    throw fieldError("url", "This is in a private network, which an admin has to allow first (HONE_PRIVATE_WEBHOOKS)");
}

export type ListedWebhook = Awaited<ReturnType<typeof listWebhooks>>[number];

export async function listWebhooks(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return selectWebhooks(ctx.db, input.projectId);
}

async function requireWebhook(ctx: UserContext, webhookId: string): Promise<WebhookRow> {
  await requireProject(ctx, { webhook: webhookId }, "researcher");
  const webhook = await selectWebhook(ctx.db, webhookId);
  if (webhook === null) throw new AppError("NOT_FOUND", "This webhook was removed meanwhile.");
  return webhook;
}

/** The secret is returned this once; the table has it encrypted. */
export async function createWebhook(
  ctx: UserContext,
  input: { projectId: string } & WebhookInput,
  rules: WebhookRules,
): Promise<{ id: string; url: string; secret: string }> {
  const { projectId, url, events } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  checkUrl(url, rules);
  if ((await countWebhooks(ctx.db, projectId)) >= MAX_WEBHOOKS)
    throw new AppError("CONFLICT", `A project has at most ${MAX_WEBHOOKS} webhooks. Remove one first.`);
  const secret = makeSecret();
  const { id } = await insertWebhook(ctx.db, {
    projectId,
    url,
    events: [...new Set(events)],
    secret: seal(secret, rules.secret, WEBHOOK_SECRETS),
    createdBy: ctx.user.id,
  });
  await recordAction(ctx.db, ctx.user.id, { action: "webhook.made", projectId, kind: "webhook", id, details: { events } });
  return { id, url, secret };
}

/** What happens while it is off is not sent later; what waited goes on when it is on again. */
export async function changeWebhook(
  ctx: UserContext,
  input: { webhookId: string; enabled: boolean } & WebhookInput,
  rules: WebhookRules,
): Promise<void> {
  const { webhookId, url, events, enabled } = input;
  const { projectId } = await requireWebhook(ctx, webhookId);
  checkUrl(url, rules);
  await updateWebhook(ctx.db, webhookId, { url, events: [...new Set(events)], enabled, disabledReason: null });
  await recordAction(ctx.db, ctx.user.id, {
    action: "webhook.changed",
    projectId,
    kind: "webhook",
    id: webhookId,
    details: { events, enabled },
  });
}

/** The old secret signs nothing from now on. */
export async function renewWebhookSecret(
  ctx: UserContext,
  input: { webhookId: string },
  rules: WebhookRules,
): Promise<{ id: string; url: string; secret: string }> {
  const { id, url } = await requireWebhook(ctx, input.webhookId);
  const secret = makeSecret();
  await updateWebhook(ctx.db, id, { secret: seal(secret, rules.secret, WEBHOOK_SECRETS) });
  return { id, url, secret };
}

/** With its deliveries; what was removed already stays so. */
export async function removeWebhook(ctx: UserContext, input: { projectId: string; webhookId: string }): Promise<void> {
  const { projectId, webhookId: id } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  if ((await selectWebhook(ctx.db, id))?.projectId !== projectId) return;
  await deleteWebhook(ctx.db, id);
  await recordAction(ctx.db, ctx.user.id, { action: "webhook.removed", projectId, kind: "webhook", id });
}

export type ListedDelivery = Awaited<ReturnType<typeof listDeliveries>>[number];

/** The newest ones. */
export async function listDeliveries(ctx: UserContext, input: { webhookId: string }) {
  const { id } = await requireWebhook(ctx, input.webhookId);
  return selectDeliveries(ctx.db, { webhookId: id, limit: SHOWN_DELIVERIES });
}

/** Sends `webhook.test`, whatever events were chosen. */
export async function testWebhook(ctx: UserContext, input: { webhookId: string }): Promise<{ deliveryId: string }> {
  const webhook = await requireWebhook(ctx, input.webhookId);
  if (!webhook.enabled) throw new AppError("CONFLICT", "This webhook is off. Turn it on first.");
  const { id } = await insertDelivery(ctx.db, { webhookId: webhook.id, event: "webhook.test", data: { project_id: webhook.projectId } });
  return { deliveryId: id };
}

/** The same message with the same id, from its first attempt. */
export async function resendDelivery(ctx: UserContext, input: { deliveryId: string }): Promise<void> {
  const delivery = await selectDelivery(ctx.db, input.deliveryId);
  // A delivery goes with its webhook; whose it is, only those learn who may see it.
  await requireWebhook(ctx, delivery?.webhookId ?? input.deliveryId);
  if (delivery === null) throw new AppError("NOT_FOUND", "This delivery is not kept any more.");
  if (delivery.state === "pending") throw new AppError("CONFLICT", "This delivery is on its way already.");
  await requeueDelivery(ctx.db, delivery.id);
}
