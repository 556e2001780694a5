/** An outside model behind an OpenAI-compatible address: what is registered, what it is asked, what its answers cost. */
import { z } from "zod";
import type { Sampling } from "./completion";
import type { Message } from "./prompt";
import type { Random } from "./random";

/** Parameters that Hone sets itself: an extra parameter of that name would change what is sampled behind its back. */
const OWN_PARAMETERS = ["model", "messages", "prompt", "stream", "n"] as const;

const baseUrlSchema = z
  .url({ protocol: /^https?$/, error: "Enter an address that starts with http:// or https://" })
  .max(500)
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { username, password, search, hash } = new URL(text);
    return [username, password, search, hash].every((part) => part === "");
  }, "The address has a user name, a query or a #: leave them out; a key goes into its own field")
  .transform((text) => text.replace(/\/+$/, ""));

const priceSchema = z.number().min(0, "At least 0").max(1e6).default(0);

/** What may change as long as completions of it exist; its name and model are what those completions came from. */
export const endpointSettingsSchema = z.strictObject({
  /** Without /chat/completions: "https://api.openai.com/v1", "http://localhost:11434/v1". */
  baseUrl: baseUrlSchema,
  /** Null: as many as come back. Shared by all workers. */
  requestsPerMinute: z.number().int().min(1, "At least 1").max(1e6).nullable().default(60),
  /** Prompt and completion tokens together. */
  tokensPerMinute: z.number().int().min(1, "At least 1").max(1e9).nullable().default(null),
  /** Requests under way at once, for each worker. */
  concurrency: z.number().int().min(1, "At least 1").max(64, "At most 64").default(4),
  timeoutSeconds: z.number().int().min(1, "At least 1").max(600, "At most 600").default(120),
  /** US dollars for a million tokens. */
  inputPrice: priceSchema,
  outputPrice: priceSchema,
  api: z.enum(["chat", "completions"]).default("chat"),
  /** Newer OpenAI models know the second name only. */
  maxTokensField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
  sendsSeed: z.boolean().default(true),
  /** Added to every request; null takes a parameter out that Hone would send ("temperature": null). */
  extra: z
    .record(z.string(), z.json())
    .refine((extra) => OWN_PARAMETERS.every((name) => !(name in extra)), `${OWN_PARAMETERS.join(", ")} are set by Hone`)
    .default({}),
});
export type EndpointSettings = z.infer<typeof endpointSettingsSchema>;

export const newEndpointSchema = endpointSettingsSchema.extend({
  name: z.string().trim().min(1, "Enter a name").max(80, "At most 80 characters"),
  model: z.string().trim().min(1, "Enter the model's id").max(200, "At most 200 characters"),
});
export type NewEndpoint = z.infer<typeof newEndpointSchema>;

/** What a request needs to know of an endpoint. */
export type AskedEndpoint = Pick<NewEndpoint, "model" | "baseUrl" | "api" | "maxTokensField" | "sendsSeed" | "extra" | "timeoutSeconds"> & {
  sealedKey: string | null;
  /** Whether it may lie in a private network: registered by an admin. */
  allowPrivate: boolean;
};

export type EndpointRequest = { messages: readonly Message[]; sampling: Sampling };

export type Usage = { inputTokens: number; outputTokens: number };

export type EndpointAnswer = Usage & {
  text: string;
  /** As the endpoint says: "stop", "length", ...; null where it says nothing. */
  finishReason: string | null;
  /** As the endpoint names it: often a dated version of the model that was asked for. */
  model: string;
  /** The endpoint counted no tokens: they are a quarter of the characters. */
  estimated: boolean;
};

/** What is kept with a completion beside its sampling parameters. */
export type Generation = Omit<EndpointAnswer, "text"> & { endpointId: string; parameters: Record<string, unknown> };

/** Asks once. Throws EndpointError. */
export type AskEndpoint = (endpoint: AskedEndpoint, request: EndpointRequest) => Promise<EndpointAnswer>;

/** Why there is no answer, and what that means: another try may help, no try will, or no prompt will be answered at all. */
export class EndpointError extends Error {
  readonly means: "retry" | "prompt" | "endpoint";
  /** How long the endpoint asks to be left alone. */
  readonly retryAfterMs: number | null;
  /** What it cost all the same. */
  readonly usage: Usage | null;

  constructor(
    message: string,
    {
      means,
      retryAfterMs = null,
      usage = null,
      cause,
    }: { means: EndpointError["means"]; retryAfterMs?: number | null; usage?: Usage | null; cause?: unknown },
  ) {
    super(message, { cause });
    this.name = "EndpointError";
    this.means = means;
    this.retryAfterMs = retryAfterMs;
    this.usage = usage;
  }
}

/** The prompt of a model that continues text: one message as it is, a conversation as a transcript that waits for the assistant. */
export function completionPrompt(messages: readonly Message[]): string {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) return only.content;
  const names = { system: "System", user: "User", assistant: "Assistant" } as const;
  const turns = messages.map(({ role, content }) => (role === "system" ? content : `${names[role]}: ${content}`));
  return `${turns.join("\n\n")}\n\nAssistant:`;
}

/** The JSON of a request. Parameters at values that change nothing are left out: not every server knows them. */
export function requestBody(
  endpoint: Pick<AskedEndpoint, "model" | "api" | "maxTokensField" | "sendsSeed" | "extra">,
  { messages, sampling }: EndpointRequest,
): Record<string, unknown> {
  const { temperature, topK, topP, maxNewTokens, stop, seed } = sampling;
  const body: Record<string, unknown> = {
    model: endpoint.model,
    ...(endpoint.api === "chat"
      ? { messages: messages.map(({ role, content }) => ({ role, content })) }
      : { prompt: completionPrompt(messages) }),
    [endpoint.maxTokensField]: maxNewTokens,
    temperature,
    ...(topP === 1 ? {} : { top_p: topP }),
    ...(topK === 0 ? {} : { top_k: topK }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(endpoint.sendsSeed ? { seed } : {}),
    ...endpoint.extra,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** What is kept of a request beside its prompt. */
export function sentParameters(body: Record<string, unknown>): Record<string, unknown> {
  const { messages: _messages, prompt: _prompt, ...parameters } = body;
  return parameters;
}

/** Tokens of a text that nobody has counted: a quarter of its characters, as OpenAI advises for English. */
export const estimateTokens = (text: string): number => Math.ceil(text.length / 4);

/** Tokens that a request may use at most, as far as they can be known before. */
export const reserveUsage = ({ messages, sampling }: EndpointRequest): Usage => ({
  inputTokens: messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0),
  outputTokens: sampling.maxNewTokens,
});

/** US dollars. */
export const costOf = (
  { inputPrice, outputPrice }: Pick<EndpointSettings, "inputPrice" | "outputPrice">,
  { inputTokens, outputTokens }: Usage,
): number => (inputPrice * inputTokens + outputPrice * outputTokens) / 1e6;

const FIRST_DELAY_MS = 1_000;
const MOST_DELAY_MS = 60_000;

/**
 * How long to wait after the `attempt`th try (from 1): doubled each time, then drawn evenly between half of that and all of
 * it, so that requests that failed together do not come back together; never sooner than the endpoint asked for.
 */
export function retryDelayMs(attempt: number, random: Pick<Random, "next">, retryAfterMs: number | null): number {
  const full = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.max(retryAfterMs ?? 0, full * (0.5 + random.next() / 2));
}

/** Milliseconds of a Retry-After header: seconds, or a date (RFC 9110, section 10.2.3); null when it says neither. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
