/** An annotator as the server sees one: signs in, asks for the next item, thinks, submits, and asks again until it is told that the vote is kept. */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import superjson from "superjson";

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

export type Answer = { status: number; body: string; cookies: string[] };

/** One request; rejects where there is no answer. */
export function send(url: string, options: { method: "GET" | "POST"; cookie?: string; body?: string; type?: string }): Promise<Answer> {
  const { method, cookie = "", body, type = "application/json" } = options;
  return new Promise((resolve, reject) => {
    const headers = { cookie, ...(body === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(body) }) };
    const sent = request(url, { method, agent, headers, timeout: 30_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text, cookies: response.headers["set-cookie"] ?? [] }));
    });
    sent.once("error", reject).once("timeout", () => sent.destroy(new Error("No answer within 30 s")));
    sent.end(body);
  });
}

export const cookieOf = (answer: Answer): string => answer.cookies.map((cookie) => cookie.split(";")[0]).join("; ");

/** A real session, by the form's own way. */
export async function signIn(origin: string, email: string, password: string): Promise<string> {
  const csrf = await send(`${origin}/api/auth/csrf`, { method: "GET" });
  const { csrfToken } = JSON.parse(csrf.body) as { csrfToken: string };
  const form = new URLSearchParams({ csrfToken, email, password, json: "true" }).toString();
  const answer = await send(`${origin}/api/auth/callback/credentials`, {
    method: "POST",
    cookie: cookieOf(csrf),
    body: form,
    type: "application/x-www-form-urlencoded",
  });
  const cookie = cookieOf(answer);
  if (!cookie.includes("session-token")) throw new Error(`${email} could not sign in: ${answer.status} ${answer.body}`);
  return cookie;
}

/** A tRPC mutation. @throws where the server refuses or does not answer */
async function call<T>(origin: string, cookie: string, path: string, input: unknown): Promise<T> {
  const answer = await send(`${origin}/api/trpc/${path}`, { method: "POST", cookie, body: JSON.stringify(superjson.serialize(input)) });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
  const { result } = JSON.parse(answer.body) as { result: { data: Parameters<typeof superjson.deserialize>[0] } };
  return superjson.deserialize<T>(result.data);
}

export type Load = {
  origin: string;
  projectId: string;
  /** Time between the item and the vote, ms. */
  thinkMs: () => number;
  /** Performance clock at which everybody stops. */
  until: number;
  /** Latencies of answered requests, ms, with when they were asked. */
  next: { at: number; ms: number }[];
  submit: { at: number; ms: number }[];
  acknowledged: string[];
  /** Requests without an answer, or with an error. */
  failures: string[];
};

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Task = { itemId: string; mode: string; completions: { id: string }[] };

/** Repeats until the server answers; the load's end does not end it, as a vote must not be lost. */
async function insist<T>(load: Load, times: Load["next"], work: () => Promise<T>): Promise<T> {
  for (;;) {
    const at = performance.now();
    try {
      const value = await work();
      times.push({ at, ms: performance.now() - at });
      return value;
    } catch (error) {
      load.failures.push(error instanceof Error ? error.message : String(error));
      if (load.failures.length > 200_000 || performance.now() > load.until + 60_000) throw error;
      await sleep(500);
    }
  }
}

/** Judges until the load's time is over, or nothing is left. */
export async function annotate(load: Load, cookie: string, startsAfterMs: number): Promise<void> {
  const { origin, projectId } = load;
  await sleep(startsAfterMs);
  while (performance.now() < load.until) {
    const task = await insist(load, load.next, () => call<Task | null>(origin, cookie, "annotate.next", { projectId, holding: [] }));
    if (task === null) return;
    const thinking = load.thinkMs();
    await sleep(thinking);
    const clientEventId = randomUUID();
    const value =
      task.mode === "ranking" ? { kind: "ranking", ranks: task.completions.map((_, i) => i + 1) } : { kind: "pairwise", margin: -2 };
    const vote = {
      itemId: task.itemId,
      clientEventId,
      value,
      reasons: [],
      comment: "",
      activeMs: Math.round(thinking),
      idleMs: 0,
      untouched: false,
    };
    await insist(load, load.submit, () => call(origin, cookie, "annotate.submit", vote));
    load.acknowledged.push(clientEventId);
  }
}
