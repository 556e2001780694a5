import { describe, expect, it } from "vitest";
import { samplingSchema } from "../../../domain/completion";
import {
  completionPrompt,
  costOf,
  newEndpointSchema,
  parseRetryAfter,
  requestBody,
  retryDelayMs,
  sentParameters,
} from "../../../domain/endpoint";

const endpoint = newEndpointSchema.parse({ name: "Fake", model: "fake-1", baseUrl: "https://models.example.org/v1/" });
const sampling = samplingSchema.parse({ temperature: 0.7, maxNewTokens: 32, seed: 5 });
const messages = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: "Hi" },
  { role: "assistant" as const, content: "Hello." },
  { role: "user" as const, content: "And now?" },
];

describe("what is sent", () => {
  it("keeps every turn with its role, and leaves out what changes nothing", () => {
    expect(requestBody(endpoint, { messages, sampling })).toEqual({ model: "fake-1", messages, max_tokens: 32, temperature: 0.7, seed: 5 });
  });
  it("names the longest completion as the endpoint wants, adds its parameters, and takes out those that are null", () => {
    const strict = {
      ...endpoint,
      maxTokensField: "max_completion_tokens" as const,
      sendsSeed: false,
      extra: { temperature: null, reasoning_effort: "low" },
    };
    const body = requestBody(strict, { messages, sampling: { ...sampling, topP: 0.9, topK: 40, stop: ["\n"] } });
    expect(body).toEqual({
      model: "fake-1",
      messages,
      max_completion_tokens: 32,
      top_p: 0.9,
      top_k: 40,
      stop: ["\n"],
      reasoning_effort: "low",
    });
    expect(sentParameters(body)).not.toHaveProperty("messages");
  });
  it("is text for a model that continues text", () => {
    expect(completionPrompt([{ role: "user", content: "Once upon" }])).toBe("Once upon");
    expect(completionPrompt(messages)).toBe("Be brief.\n\nUser: Hi\n\nAssistant: Hello.\n\nUser: And now?\n\nAssistant:");
    expect(requestBody({ ...endpoint, api: "completions" }, { messages, sampling })).toMatchObject({ prompt: completionPrompt(messages) });
  });
});

describe("an endpoint's form", () => {
  it("takes the slash off the address and refuses what does not belong in it", () => {
    expect(endpoint.baseUrl).toBe("https://models.example.org/v1");
    for (const baseUrl of ["ftp://x.org", "https://me:secret@x.org/v1", "https://x.org/v1?key=1", "x.org"])
      expect(newEndpointSchema.safeParse({ ...endpoint, baseUrl }).success, baseUrl).toBe(false);
  });
  it("refuses extra parameters that Hone sets itself", () => {
    expect(newEndpointSchema.safeParse({ ...endpoint, extra: { stream: true } }).error?.issues[0]?.message).toContain("set by Hone");
  });
});

it("waits twice as long each time, half of it by chance, and never shorter than it was asked to", () => {
  expect([1, 2, 3, 10].map((attempt) => retryDelayMs(attempt, { next: () => 1 }, null))).toEqual([1_000, 2_000, 4_000, 60_000]);
  expect(retryDelayMs(3, { next: () => 0 }, null)).toBe(2_000);
  expect(retryDelayMs(1, { next: () => 0 }, 7_000)).toBe(7_000);
});

it("reads Retry-After as seconds and as a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(parseRetryAfter("3", now)).toBe(3_000);
  expect(parseRetryAfter("Thu, 01 Jan 2026 00:00:20 GMT", now)).toBe(20_000);
  expect(parseRetryAfter("soon", now)).toBe(null);
  expect(parseRetryAfter(null, now)).toBe(null);
});

it("costs by the million", () => {
  expect(costOf({ inputPrice: 2.5, outputPrice: 10 }, { inputTokens: 1_000, outputTokens: 500 })).toBeCloseTo(0.0075, 12);
});
