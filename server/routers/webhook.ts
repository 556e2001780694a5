/** Webhooks of projects: for researchers. */
import { z } from "zod";
import { webhookInputSchema } from "../../domain/webhook";
import { env, webhookRules } from "../env";
import * as webhooks from "../services/webhook";
import { researcherProcedure, router } from "../trpc";

const webhookId = z.uuid();

export const webhookRouter = router({
  list: researcherProcedure.input(z.strictObject({ projectId: z.uuid() })).query(({ ctx, input }) => webhooks.listWebhooks(ctx, input)),
  create: researcherProcedure
    .input(webhookInputSchema.extend({ projectId: z.uuid() }))
    .mutation(({ ctx, input }) => webhooks.createWebhook(ctx, input, webhookRules(env()))),
  change: researcherProcedure
    .input(webhookInputSchema.extend({ webhookId, enabled: z.boolean() }))
    .mutation(({ ctx, input }) => webhooks.changeWebhook(ctx, input, webhookRules(env()))),
  renewSecret: researcherProcedure
    .input(z.strictObject({ webhookId }))
    .mutation(({ ctx, input }) => webhooks.renewWebhookSecret(ctx, input, webhookRules(env()))),
  remove: researcherProcedure.input(z.strictObject({ webhookId })).mutation(({ ctx, input }) => webhooks.removeWebhook(ctx, input)),
  test: researcherProcedure.input(z.strictObject({ webhookId })).mutation(({ ctx, input }) => webhooks.testWebhook(ctx, input)),
  deliveries: researcherProcedure.input(z.strictObject({ webhookId })).query(({ ctx, input }) => webhooks.listDeliveries(ctx, input)),
  resend: researcherProcedure
    .input(z.strictObject({ deliveryId: z.uuid() }))
    .mutation(({ ctx, input }) => webhooks.resendDelivery(ctx, input)),
});
