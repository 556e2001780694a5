/** An OpenAI-compatible server that answers as a test says, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type FakeRequest = { path: string; authorization: string | undefined; body: Record<string, unknown>; signal: AbortSignal };
export type FakeReply = {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, text as it is. */
  body: unknown;
};

export type FakeOpenAI = {
  /** With /v1. */
  baseUrl: string;
  requests: FakeRequest[];
  /** Most requests that were under way at once. */
  mostAtOnce: number;
  reply: (request: FakeRequest, place: number) => FakeReply | Promise<FakeReply>;
  close(): Promise<void>;
};

type Answer = { text?: string | null; finishReason?: string | null; model?: string; usage?: [input: number, output: number] | null };

/** What a well-behaved server says. */
export function chatAnswer({ text = "An answer.", finishReason = "stop", model = "fake-1-2026", usage = [10, 5] }: Answer = {}): FakeReply {
  return {
    body: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 0,
      model,
      choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: finishReason }],
      ...(usage === null ? {} : { usage: { prompt_tokens: usage[0], completion_tokens: usage[1], total_tokens: usage[0] + usage[1] } }),
    },
  };
}

export const refusal = (status: number, message: string, more: { code?: string; headers?: Record<string, string> } = {}): FakeReply => ({
  status,
  headers: more.headers ?? {},
  body: { error: { message, type: "error", param: null, code: more.code ?? null } },
});

/** The text of the last message that was asked. */
export function lastMessage({ body }: FakeRequest): string {
  const messages = body.messages as { content: string }[] | undefined;
  return messages?.at(-1)?.content ?? String(body.prompt);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Record<string, unknown>;
}

export async function startFakeOpenAI(): Promise<FakeOpenAI> {
  let underWay = 0;
  const server: Server = createServer((incoming, outgoing) => {
    void (async () => {
      const left = new AbortController();
      outgoing.on("close", () => left.abort());
      const request = {
        path: incoming.url ?? "",
        authorization: incoming.headers.authorization,
        body: await readBody(incoming),
        signal: left.signal,
      };
      const place = fake.requests.push(request) - 1;
      underWay += 1;
      fake.mostAtOnce = Math.max(fake.mostAtOnce, underWay);
      const { status = 200, headers = {}, body } = await fake.reply(request, place);
      underWay -= 1;
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeOpenAI = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests: [],
    mostAtOnce: 0,
    reply: () => chatAnswer(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return fake;
}
