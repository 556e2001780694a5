/** Sampling from an outside endpoint: what is sent and kept, retries, limits, budget, and going on after a death. */
import { asc, eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readRunEvents } from "../../../db/queries/run-events";
import { claimRun, transitionRun } from "../../../db/queries/runs";
import { holdEndpoint, reserveRequest, settleTokens } from "../../../db/queries/endpoints";
import { registerWorker } from "../../../db/queries/workers";
import { completions, endpointRequests, items, models, runs } from "../../../db/schema";
import type { Message } from "../../../domain/prompt";
import { createEndpointClient } from "../../../server/endpoint-client";
import { resumeRun, retryRun } from "../../../server/services/run";
import { getRunRequests, retryFailedRequests, setRunBudget } from "../../../server/services/run-requests";
import { requestSeed, sampleFromEndpoint } from "../../../trainer/worker/sample-run";
import { createTestDb, type TestDb } from "../../helpers/database";
import {
  addEndpoint,
  addEndpointRun,
  addRequestWorker,
  createEndpointWorld,
  createFakeClock,
  type EndpointWorld,
  readRun,
  SECRET,
} from "../../helpers/endpoint-world";
import { chatAnswer, type FakeOpenAI, lastMessage, refusal, startFakeOpenAI } from "../../helpers/fake-openai";
import { addCompletions, addPrompt } from "../../helpers/project-world";

let database: TestDb;
let fake: FakeOpenAI;
let world: EndpointWorld;
beforeAll(async () => {
  database = await createTestDb();
});
afterAll(() => database.close());
beforeEach(async () => {
  fake = await startFakeOpenAI();
  world = await createEndpointWorld(database.db);
});
afterEach(() => fake.close());

const addPrompts = async (count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await addPrompt(database.db, world.projectId, `Question ${i}`));
  return ids;
};
const completionsOf = (runId: string) =>
  database.db.select().from(completions).where(eq(completions.runId, runId)).orderBy(asc(completions.promptId), asc(completions.ordinal));
const workOn = async (clock = createFakeClock()) => {
  await (await addRequestWorker(database.db, "test-1", clock)).workOnce();
  return clock;
};

describe("an answered run", () => {
  it("sends whole conversations and keeps source, parameters, model, tokens and cost with each completion", async () => {
    const { db } = database;
    const messages: Message[] = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "And now?" },
    ];
    const promptId = await addPrompt(db, world.projectId, "ignored", { messages });
    fake.reply = (_request, place) => chatAnswer({ text: ` Answer ${place} `, finishReason: place === 0 ? "stop" : "length" });
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, inputPrice: 2, outputPrice: 10, extra: { user: "hone" } });
    const run = await addEndpointRun(world, endpoint, {
      kind: "sample",
      seed: 7,
      completionsPerPrompt: 2,
      sampling: { temperature: 0.5, maxNewTokens: 16 },
    });
    await workOn();

    expect(await readRun(db, run.id)).toMatchObject({
      state: "succeeded",
      step: 2,
      totalSteps: 2,
      reason: "Finished: 2 of 2 answered, $0.0001",
    });
    expect(fake.requests.map(({ path, authorization }) => [path, authorization])).toEqual(
      Array(2).fill(["/v1/chat/completions", "Bearer sk-secret-of-the-test"]),
    );
    const rows = await completionsOf(run.id);
    const seeds = rows.map(({ sampling }) => sampling?.seed);
    expect(new Set(seeds).size).toBe(2);
    expect(fake.requests[0]?.body).toEqual({ model: "fake-1", messages, max_tokens: 16, temperature: 0.5, seed: seeds[0], user: "hone" });
    expect(rows.map(({ text, source, ordinal }) => ({ text, source, ordinal }))).toEqual([
      { text: "Answer 0", source: "external", ordinal: 0 },
      { text: "Answer 1", source: "external", ordinal: 1 },
    ]);
    expect(rows[1]?.generation).toEqual({
      inputTokens: 10,
      outputTokens: 5,
      finishReason: "length",
      model: "fake-1-2026",
      estimated: false,
      endpointId: endpoint.id,
      parameters: { model: "fake-1", max_tokens: 16, temperature: 0.5, seed: seeds[1], user: "hone" },
    });
    const [model] = await db.select().from(models).where(eq(models.projectId, world.projectId));
    expect(model).toMatchObject({ name: "Fake", checkpointId: null });
    expect(await getRunRequests(world.researcher, run.id)).toMatchObject({
      answered: 2,
      failed: 0,
      inputTokens: 20,
      outputTokens: 10,
      cost: (2 * (10 * 2 + 5 * 10)) / 1e6,
    });
    expect(await db.select().from(items).where(eq(items.promptId, promptId))).toMatchObject([{ mode: "pairwise" }]);
    const events = (await readRunEvents(db, run.id, 0, 100)).map(({ event }) => event);
    expect(events.findLast((event) => event.kind === "metric")).toMatchObject({
      step: 2,
      values: { "requests/cost": 0.00014, "requests/tokens_in": 20, "requests/failed": 0 },
    });
    expect(events.find((event) => event.kind === "sample")).toMatchObject({
      rows: [{ prompt: "And now?", completion: "Answer 0" }, { completion: "Answer 1" }],
    });
  });

  it("draws the same seeds in every installation", () => {
    expect(requestSeed(7, "abc", 0)).toBe(requestSeed(7, "abc", 0));
    expect(requestSeed(7, "abc", 1)).not.toBe(requestSeed(7, "abc", 0));
    expect(requestSeed(7, "abc", 0)).toBeLessThan(2 ** 31);
  });

  it("asks /completions with text, without a key where there is none, and counts tokens itself where nobody does", async () => {
    await addPrompts(1);
    fake.reply = () => ({ body: { choices: [{ text: "four words are here", finish_reason: null }] } });
    const endpoint = await addEndpoint(world, "Base", { baseUrl: fake.baseUrl, api: "completions", sendsSeed: false });
    await database.db.execute(sql`update endpoints set sealed_key = null where id = ${endpoint.id}`);
    const run = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1 });
    await workOn();
    expect(fake.requests[0]).toMatchObject({ path: "/v1/completions", authorization: undefined, body: { prompt: "Question 0" } });
    expect(fake.requests[0]?.body).not.toHaveProperty("seed");
    expect((await completionsOf(run.id))[0]?.generation).toMatchObject({
      estimated: true,
      outputTokens: 5,
      model: "fake-1",
      finishReason: null,
    });
  });

  it("leaves out prompts that the model has answered, where asked to", async () => {
    const [answered] = await addPrompts(3);
    await addCompletions(database.db, world.projectId, answered ?? "", ["from before"], "Fake");
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl });
    const run = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1, onlyMissing: true });
    await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded", totalSteps: 2 });
    expect(fake.requests.map(lastMessage).sort()).toEqual(["Question 1", "Question 2"]);
  });
});

describe("what goes wrong", () => {
  it("is tried again after growing waits, never sooner than the endpoint asks, and costs what its tries cost", async () => {
    await addPrompts(1);
    const replies = [
      refusal(500, "overloaded"),
      refusal(429, "slow down", { headers: { "retry-after": "20" } }),
      { body: "{not json" },
      chatAnswer({ finishReason: "error" }),
      chatAnswer({ text: "at last" }),
    ];
    fake.reply = (_request, place) => replies[place] ?? chatAnswer();
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, inputPrice: 1e6 });
    const run = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1 });
    const clock = await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded" });
    expect((await completionsOf(run.id)).map(({ text }) => text)).toEqual(["at last"]);
    const [request] = await database.db.select().from(endpointRequests).where(eq(endpointRequests.runId, run.id));
    // 10 tokens of the broken answer and 10 of the good one.
    expect(request).toMatchObject({ tries: 5, error: null, inputTokens: 20, cost: 20 });
    const waited = clock.slept.reduce((sum, ms) => sum + ms, 0);
    // 1, 20 (then the endpoint's own hold of about 20 s, which the test's clock does not pass), 4 and 8 s, each at least half of it.
    expect(waited).toBeGreaterThan(500 + 20_000 + 2_000 + 4_000);
  });

  it("is given up after so many tries, with the reason, while the others go on; asked again it needs only those", async () => {
    await addPrompts(4);
    fake.reply = (request) =>
      lastMessage(request) === "Question 2"
        ? refusal(503, "no room")
        : lastMessage(request) === "Question 3"
          ? chatAnswer({ text: null, finishReason: "content_filter" })
          : chatAnswer();
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, concurrency: 2 });
    const run = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1, maxTries: 3 });
    await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({
      state: "succeeded",
      step: 4,
      reason: "Finished: 2 of 4 answered, 2 failed",
    });
    const { failures } = await getRunRequests(world.researcher, run.id);
    expect(failures.map(({ prompt, error, tries }) => ({ prompt, error, tries })).sort((a, b) => (a.prompt < b.prompt ? -1 : 1))).toEqual([
      { prompt: "Question 2", error: "503 no room (after 3 tries)", tries: 3 },
      { prompt: "Question 3", error: "The endpoint's content filter held the answer back (finish reason content_filter)", tries: 1 },
    ]);

    fake.requests.length = 0;
    fake.reply = () => chatAnswer();
    expect(await retryFailedRequests(world.researcher, run.id)).toEqual({ reopened: 2 });
    await workOn();
    expect(fake.requests.map(lastMessage).sort()).toEqual(["Question 2", "Question 3"]);
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded", step: 4, reason: "Finished: 4 of 4 answered" });
    await expect(retryFailedRequests(world.researcher, run.id)).rejects.toThrow("No request of this run has failed");
  });

  it.each([
    ["a refused key", refusal(401, "bad key"), /refuses the key \(401 bad key\)/],
    ["an unknown model", refusal(404, "no such model"), /knows no such address or model/],
    ["an empty account", refusal(429, "pay first", { code: "insufficient_quota" }), /no quota left/],
    ["a redirect", { status: 302, headers: { location: "https://elsewhere.example.org" }, body: "" }, /sends on to https:\/\/elsewhere/],
  ])("%s ends the run after one request; retried, it goes on", async (_name, reply, reason) => {
    await addPrompts(3);
    fake.reply = (_request, place) => (place === 0 ? chatAnswer() : reply);
    const run = await addEndpointRun(world, await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl }), {
      kind: "sample",
      completionsPerPrompt: 1,
    });
    await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "failed", reason: expect.stringMatching(reason) });
    expect((await readRun(database.db, run.id)).reason).toContain("1 of 3 answered");
    expect(fake.requests).toHaveLength(2);
    fake.reply = () => chatAnswer();
    await retryRun(world.researcher, run.id);
    await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded" });
    expect(fake.requests).toHaveLength(4);
  });

  it("stops the run when nothing is answered any more", async () => {
    await addPrompts(12);
    fake.reply = () => refusal(400, "unknown parameter: seed");
    const run = await addEndpointRun(world, await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl }), {
      kind: "sample",
      completionsPerPrompt: 1,
    });
    await workOn();
    expect((await readRun(database.db, run.id)).reason).toContain(
      "10 requests in a row failed, the last with: 400 unknown parameter: seed",
    );
    expect(fake.requests).toHaveLength(10);
  });

  it("a server that is not there is tried again, then named", async () => {
    await addPrompts(1);
    await fake.close();
    const run = await addEndpointRun(world, await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl }), {
      kind: "sample",
      completionsPerPrompt: 1,
      maxTries: 2,
    });
    await workOn();
    const { failures } = await getRunRequests(world.researcher, run.id);
    expect(failures[0]?.error).toMatch(/could not be reached: .*ECONNREFUSED.*\(after 2 tries\)/);
    fake = await startFakeOpenAI();
  });

  it("an answer that does not come in time is tried again", async () => {
    await addPrompts(1);
    let release: () => void = () => undefined;
    fake.reply = (request, place) =>
      place > 0
        ? chatAnswer()
        : new Promise((resolve) => {
            release = () => resolve(chatAnswer());
            // The client has hung up.
            request.signal.addEventListener("abort", release);
          });
    const run = await addEndpointRun(world, await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, timeoutSeconds: 1 }), {
      kind: "sample",
      completionsPerPrompt: 1,
    });
    await workOn();
    release();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded" });
    const [request] = await database.db.select().from(endpointRequests).where(eq(endpointRequests.runId, run.id));
    expect(request?.tries).toBe(2);
  });
});

describe("limits", () => {
  it("spaces requests evenly by requests and tokens a minute, for all workers together", async () => {
    const { db } = database;
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, requestsPerMinute: 60 });
    const strict = await addEndpoint(world, "Strict", { baseUrl: fake.baseUrl, tokensPerMinute: 600 });
    // In one transaction the database's clock stands still.
    await db.transaction(async (tx) => {
      expect([
        await reserveRequest(tx, endpoint, 100),
        await reserveRequest(tx, endpoint, 100),
        await reserveRequest(tx, endpoint, 100),
      ]).toEqual([0, 1_000, 2_000]);
      await holdEndpoint(tx, endpoint.id, 20_000);
      expect(await reserveRequest(tx, endpoint, 100)).toBe(20_000);

      expect([await reserveRequest(tx, strict, 100), await reserveRequest(tx, strict, 50)]).toEqual([0, 10_000]);
      await settleTokens(tx, strict, 40);
      expect(await reserveRequest(tx, strict, 1)).toBe(11_000);
    });
  });

  it("has no more requests under way than it may", async () => {
    await addPrompts(8);
    const waiting: (() => void)[] = [];
    fake.reply = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(chatAnswer()));
        // Answers come once as many wait as may.
        if (waiting.length === 3) for (const go of waiting.splice(0)) go();
        else if (fake.requests.length > 6) for (const go of waiting.splice(0)) go();
      });
    await addEndpointRun(world, await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, concurrency: 3 }), {
      kind: "sample",
      completionsPerPrompt: 1,
    });
    await workOn();
    expect(fake.requests).toHaveLength(8);
    expect(fake.mostAtOnce).toBe(3);
  });

  it("pauses before it could cost more than the budget, and goes on with a larger one", async () => {
    await addPrompts(5);
    // An answer costs 15 dollars; the largest that is allowed, about 17.
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, inputPrice: 1e6, outputPrice: 1e6, concurrency: 2 });
    const run = await addEndpointRun(world, endpoint, {
      kind: "sample",
      completionsPerPrompt: 1,
      maxCost: 40,
      sampling: { maxNewTokens: 10 },
    });
    await workOn();
    const paused = await readRun(database.db, run.id);
    expect(paused).toMatchObject({ state: "paused", step: 2 });
    expect(paused.reason).toContain("budget of $40.00: 2 of 5 answered, $30.00");
    await expect(setRunBudget(world.researcher, { id: run.id, maxCost: 20 })).rejects.toThrow("has cost $30.0000 already");
    await setRunBudget(world.researcher, { id: run.id, maxCost: null });
    await resumeRun(world.researcher, run.id);
    await workOn();
    expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded", step: 5 });
    expect(fake.requests).toHaveLength(5);
  });
});

describe("going on", () => {
  it("after a worker died, asks only for what is not there; the dead one is not heard any more", async () => {
    const { db } = database;
    await addPrompts(6);
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl });
    const run = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1 });
    let wake: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => {
      fake.reply = (_request, place) => {
        if (place !== 3) return chatAnswer({ text: `first ${place}` });
        resolve();
        return new Promise((answer) => {
          wake = () => answer(chatAnswer({ text: "too late" }));
        });
      };
    });
    const first = await addRequestWorker(db, "first");
    const dead = first.workOnce();
    await stuck;
    await db.update(runs).set({ heartbeatAt: sql`now() - interval '1 hour'` }).where(eq(runs.id, run.id));
    const asked = new Set(fake.requests.slice(0, 3).map(lastMessage));
    fake.requests.length = 0;
    fake.reply = (_request, place) => chatAnswer({ text: `second ${place}` });
    await (await addRequestWorker(db, "second")).workOnce();
    expect(fake.requests).toHaveLength(3);
    for (const request of fake.requests) expect(asked).not.toContain(lastMessage(request));
    expect(await readRun(db, run.id)).toMatchObject({ state: "succeeded", step: 6, attempt: 2 });
    wake();
    await dead;
    const texts = (await completionsOf(run.id)).map(({ text }) => text);
    expect(texts).toHaveLength(6);
    expect(texts).not.toContain("too late");
  });

  it("a pause during a wait keeps what is there; resumed, the rest is asked", async () => {
    const { db } = database;
    await addPrompts(4);
    const endpoint = await addEndpoint(world, "Fake", { baseUrl: fake.baseUrl, requestsPerMinute: 1 });
    const { id } = await addEndpointRun(world, endpoint, { kind: "sample", completionsPerPrompt: 1 });
    const { id: workerId } = await registerWorker(db, { name: "test", engine: "none" });
    const run = await claimRun(db, { workerId, staleAfterMs: 30_000 });
    if (run?.config.kind !== "sample") throw new Error("the run was not taken");
    const clock = createFakeClock();
    const ask = createEndpointClient({ secret: SECRET });
    // The second request waits a minute; in the middle of it somebody pauses the run.
    const ending = await sampleFromEndpoint(
      { db, run, endpoint, ask, clock, asked: () => (clock.slept.length >= 10 ? "pause" : null) },
      run.config,
    );
    expect(ending).toEqual({ outcome: "paused", reason: "Paused as asked: 1 of 4 answered" });
    expect(clock.slept).toHaveLength(10);
    await transitionRun(db, { runId: id, to: "paused", reason: ending.reason });
    await resumeRun(world.researcher, id);
    await workOn();
    expect(await readRun(db, id)).toMatchObject({ state: "succeeded", step: 4 });
    expect(fake.requests).toHaveLength(4);
  });
});

it("the last run of a batch makes items that set the sources against each other", async () => {
  const { db } = database;
  await addPrompts(3);
  const batchId = crypto.randomUUID();
  for (const name of ["One", "Two"]) {
    const run = await addEndpointRun(world, await addEndpoint(world, name, { baseUrl: fake.baseUrl }), {
      kind: "sample",
      completionsPerPrompt: 1,
      createItems: false,
      onlyMissing: true,
    });
    await db.update(runs).set({ batchId }).where(eq(runs.id, run.id));
  }
  const itemsOf = () => db.select().from(items).where(eq(items.projectId, world.projectId));
  fake.reply = (request) => chatAnswer({ text: `One of ${lastMessage(request)}` });
  await workOn();
  expect(await itemsOf()).toEqual([]);
  fake.reply = (request) =>
    chatAnswer({ text: lastMessage(request) === "Question 0" ? "One of Question 0" : `Two of ${lastMessage(request)}` });
  await workOn();
  // Of the prompt that both answered alike there is nothing to compare.
  expect((await itemsOf()).map(({ mode }) => mode)).toEqual(["pairwise", "pairwise"]);
});
