/** Asks an OpenAI-compatible endpoint once, by OpenAI's own client; tries again are the caller's, who shows and counts them. */
import OpenAI, { APIConnectionTimeoutError, APIError } from "openai";
import { z } from "zod";
import {
  type AskEndpoint,
  type AskedEndpoint,
  EndpointError,
  estimateTokens,
  parseRetryAfter,
  requestBody,
  type Usage,
} from "../domain/endpoint";
import { createGuardedFetch, PrivateAddressError } from "./guarded-fetch";
import { seal, unseal } from "./sealed";

const PURPOSE = "endpoint keys";

export const sealEndpointKey = (key: string, secret: string): string => seal(key, secret, PURPOSE);

const usageSchema = z.object({ prompt_tokens: z.number().int().min(0), completion_tokens: z.number().int().min(0) });

/** Only what is read of an answer: servers differ in the rest. */
const answerSchema = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).optional(),
        text: z.string().nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: usageSchema.nullish().catch(null),
});

/** Ends of a generation that leave nothing to judge, and what they mean. */
const BAD_ENDS: Readonly<Record<string, { means: EndpointError["means"]; words: string }>> = {
  content_filter: { means: "prompt", words: "The endpoint's content filter held the answer back" },
  tool_calls: { means: "prompt", words: "The model called a tool instead of answering" },
  function_call: { means: "prompt", words: "The model called a function instead of answering" },
  error: { means: "retry", words: "The endpoint broke off the answer with an error" },
};

/** Asks with keys sealed under `secret`; `now` is for dates in Retry-After. */
export function createEndpointClient({ secret, now = Date.now }: { secret: string; now?: () => number }): AskEndpoint {
  const fetches = { open: createGuardedFetch({ allowPrivate: true }), guarded: createGuardedFetch({ allowPrivate: false }) };

  const clientOf = (endpoint: AskedEndpoint): OpenAI => {
    const key = endpoint.sealedKey === null ? null : unseal(endpoint.sealedKey, secret, PURPOSE);
    if (key === null && endpoint.sealedKey !== null) {
      throw new EndpointError(
        "The endpoint's key cannot be read with this process's NEXTAUTH_SECRET: give web and workers the same one, or enter the key again",
        { means: "endpoint" },
      );
    }
    return new OpenAI({
      baseURL: endpoint.baseUrl,
      apiKey: key ?? "none",
      // A server that wants no key may refuse a wrong one. What the environment says of OpenAI accounts is not meant for every server.
      ...(key === null ? { defaultHeaders: { Authorization: null } } : {}),
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: endpoint.timeoutSeconds * 1000,
      logLevel: "off",
      fetch: endpoint.allowPrivate ? fetches.open : fetches.guarded,
    });
  };

  return async (endpoint, request) => {
    const body = requestBody(endpoint, request);
    const path = endpoint.api === "chat" ? "/chat/completions" : "/completions";
    const raw = await clientOf(endpoint)
      .post<unknown>(path, { body })
      .catch((error: unknown) => {
        throw explainRefusal(error, endpoint, now());
      });
    const parsed = answerSchema.safeParse(raw);
    if (!parsed.success)
      throw new EndpointError(`The answer is not what an OpenAI-compatible server sends: ${z.prettifyError(parsed.error).split("\n")[0]}`, {
        means: "retry",
        cause: parsed.error,
      });
    const [choice] = parsed.data.choices;
    const text = (endpoint.api === "chat" ? choice?.message?.content : choice?.text)?.trim() ?? "";
    const counted = parsed.data.usage ?? null;
    const usage: Usage =
      counted === null
        ? {
            inputTokens: request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0),
            outputTokens: estimateTokens(text),
          }
        : { inputTokens: counted.prompt_tokens, outputTokens: counted.completion_tokens };
    const finishReason = choice?.finish_reason ?? null;
    const bad = finishReason === null ? undefined : BAD_ENDS[finishReason];
    if (bad !== undefined) throw new EndpointError(`${bad.words} (finish reason ${finishReason})`, { means: bad.means, usage });
    if (text === "") {
      const refusal = choice?.message?.refusal;
      const why = refusal ? `The model refused: ${refusal}` : `The answer has no text (finish reason ${finishReason ?? "not told"})`;
      throw new EndpointError(finishReason === "length" ? `${why}; thinking may have used up the longest completion` : why, {
        means: "prompt",
        usage,
      });
    }
    return { ...usage, text, finishReason, model: parsed.data.model ?? endpoint.model, estimated: counted === null };
  };
}

/** What the server said, without the noise around it. */
function wordsOf(error: InstanceType<typeof APIError>): string {
  const { message } = error;
  return message.length > 500 ? `${message.slice(0, 500)}…` : message;
}

const RETRIED = new Set([408, 409, 425, 429]);

function explainRefusal(error: unknown, { baseUrl, timeoutSeconds }: AskedEndpoint, now: number): EndpointError {
  if (error instanceof EndpointError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return new EndpointError(`No answer within ${timeoutSeconds} s`, { means: "retry", cause: error });
  if (error instanceof APIError && error.status !== undefined) {
    const { status, code } = error;
    const retryAfterMs = parseRetryAfter(error.headers?.get("retry-after") ?? null, now);
    const words = wordsOf(error);
    // OpenAI says 429 to an empty account too, which waiting does not fill.
    if (code === "insufficient_quota")
      return new EndpointError(`The account has no quota left (${words})`, { means: "endpoint", cause: error });
    if (RETRIED.has(status) || status >= 500) return new EndpointError(words, { means: "retry", retryAfterMs, cause: error });
    if (status === 401 || status === 403)
      return new EndpointError(`The endpoint refuses the key (${words})`, { means: "endpoint", cause: error });
    if (status === 404)
      return new EndpointError(`The endpoint knows no such address or model (${words})`, { means: "endpoint", cause: error });
    if (status >= 300 && status < 400)
      return new EndpointError(`The endpoint sends on to ${error.headers?.get("location") ?? "another address"}: enter that one instead`, {
        means: "endpoint",
        cause: error,
      });
    return new EndpointError(words, { means: "prompt", cause: error });
  }
  const root = rootCause(error);
  if (root instanceof PrivateAddressError) {
    return new EndpointError(`${root.message}: only an admin may register such an endpoint`, { means: "endpoint", cause: error });
  }
  if (root instanceof SyntaxError) return new EndpointError(`The answer is not JSON (${root.message})`, { means: "retry", cause: error });
  return new EndpointError(
    `${baseUrl} could not be reached: ${root instanceof Error ? root.message || String((root as NodeJS.ErrnoException).code) : String(root)}`,
    { means: "retry", cause: error },
  );
}

function rootCause(error: unknown): unknown {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  // Several addresses of one name that all refuse.
  if (at instanceof AggregateError && at.errors[0] instanceof Error) return at.errors[0];
  return at;
}
