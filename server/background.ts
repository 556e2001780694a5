/** What a web process does beside answering. */
import { getDb } from "./database";
import { env, webhookRules } from "./env";
import { shutdownSignal } from "./shutdown";
import { deliverWebhooks } from "./webhook-loop";

export function startBackground(): void {
  void deliverWebhooks(getDb(), webhookRules(env()), shutdownSignal());
}
