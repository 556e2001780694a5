/** Webhooks of projects: for researchers. */
import { z } from "zod";
import { webhookInputSchema } from "../../domain/webhook";
import { env, webhookRules } from "../env";
import * as webhooks from "../services/webhook";
import { projectProcedure, router } from "../trpc";

const webhookId = z.uuid();

export const webhookRouter = router({
  list: projectProcedure("researcher")
    .input(z.strictObject({ projectId: z.uuid() }))
    .query(({ ctx, input }) => webhooks.listWebhooks(ctx, input)),
  create: projectProcedure("researcher")
    .input(webhookInputSchema.extend({ projectId: z.uuid() }))
    .mutation(({ ctx, input }) => webhooks.createWebhook(ctx, input, webhookRules(env()))),
  change: projectProcedure("researcher")
    .input(webhookInputSchema.extend({ webhookId, enabled: z.boolean() }))
    .mutation(({ ctx, input }) => webhooks.changeWebhook(ctx, input, webhookRules(env()))),
  renewSecret: projectProcedure("researcher")
    .input(z.strictObject({ webhookId }))
    .mutation(({ ctx, input }) => webhooks.renewWebhookSecret(ctx, input, webhookRules(env()))),
  test: projectProcedure("researcher")
    .input(z.strictObject({ webhookId }))
    .mutation(({ ctx, input }) => webhooks.testWebhook(ctx, input)),
  deliveries: projectProcedure("researcher")
    .input(z.strictObject({ webhookId }))
    .query(({ ctx, input }) => webhooks.listDeliveries(ctx, input)),
  resend: projectProcedure("researcher")
    .input(z.strictObject({ deliveryId: z.uuid() }))
    .mutation(({ ctx, input }) => webhooks.resendDelivery(ctx, input)),
  remove: projectProcedure("researcher")
    .input(z.strictObject({ projectId: z.uuid(), webhookId }))
    .mutation(({ ctx, input }) => webhooks.removeWebhook(ctx, input)),
});
