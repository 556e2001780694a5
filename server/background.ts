/** What a web process does beside answering. */
import { offerAnnotateHandler } from "./annotate-handler";
import { getDb } from "./database";
import { env, webhookRules } from "./env";
import { shutdownSignal } from "./shutdown";
import { deliverWebhooks } from "./webhook-loop";

export function startBackground(): void {
  offerAnnotateHandler();
  void deliverWebhooks(getDb(), webhookRules(env()), shutdownSignal());
}
