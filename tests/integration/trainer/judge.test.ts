/** An outside model as judge: both orders asked, known verdicts not paid for again, and its report beside people's votes. */
import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { ensureNamedModel } from "../../../db/queries/completions";
import { judgements, runs } from "../../../db/schema";
import { createItems } from "../../../server/services/item";
import { getJudgeReport, getRunRequests } from "../../../server/services/run-requests";
import { createTestDb, type TestDb } from "../../helpers/database";
import {
  addEndpoint,
  addEndpointRun,
  addRequestWorker,
  createEndpointWorld,
  type EndpointWorld,
  readRun,
} from "../../helpers/endpoint-world";
import { chatAnswer, type FakeOpenAI, lastMessage, startFakeOpenAI } from "../../helpers/fake-openai";
import { addCompletions, addPrompt, addUser, addVote } from "../../helpers/project-world";

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

/** One answer of each model to each of `count` prompts. */
async function addPairs(count: number) {
  const { db } = database;
  const pairs: { promptId: string; completionIds: [string, string] }[] = [];
  for (let i = 0; i < count; i++) {
    const promptId = await addPrompt(db, world.projectId, `Question ${i}`, { split: "test" });
    const [good = ""] = await addCompletions(db, world.projectId, promptId, [`good answer ${i}`], "good");
    const [poor = ""] = await addCompletions(db, world.projectId, promptId, [`poor answer ${i}`], "poor");
    pairs.push({ promptId, completionIds: [good, poor] });
  }
  const [firstModelId, secondModelId] = await Promise.all(["good", "poor"].map((name) => ensureNamedModel(db, world.projectId, name)));
  return { pairs, models: { firstModelId, secondModelId } };
}

const work = async () => (await addRequestWorker(database.db, "test")).workOnce();
/** Which answer the judge was shown as the first. */
const shownFirst = (text: string) => /<answer_1>\n(good|poor)/.exec(text)?.[1];
const prefersGood = (text: string) => (shownFirst(text) === "good" ? "Better. [[1]]" : "Better. [[2]]");

it("asks both ways and believes only what both say", async () => {
  const { models } = await addPairs(4);
  fake.reply = (request) => {
    const text = lastMessage(request);
    if (text.includes("Question 0")) return chatAnswer({ text: "I like what I see first. [[1]]" });
    if (text.includes("Question 1")) return chatAnswer({ text: "Neither. [[tie]]" });
    return chatAnswer({ text: prefersGood(text) });
  };
  const endpoint = await addEndpoint(world, "Judge", { baseUrl: fake.baseUrl, inputPrice: 1 });
  const run = await addEndpointRun(world, endpoint, { kind: "judge", ...models });
  await work();
  expect(await readRun(database.db, run.id)).toMatchObject({ state: "succeeded", step: 8, totalSteps: 8 });
  expect(fake.requests).toHaveLength(8);
  expect(fake.requests.every(({ body }) => body.temperature === 0)).toBe(true);
  expect(await getJudgeReport(world.researcher, run.id)).toMatchObject({
    first: "good",
    second: "poor",
    open: 0,
    pairs: 4,
    counts: { first: 2, second: 0, tie: 2 },
    judge: { value: 0.75, n: 4 },
    flips: { k: 1, n: 4 },
    firstShownWins: { k: 1, n: 1 },
    people: null,
    simulated: null,
  });
  expect(await database.db.select().from(judgements).where(eq(judgements.projectId, world.projectId))).toEqual([]);

  // The same judge on the same pairs pays nothing; in the other direction every verdict turns round.
  const again = await addEndpointRun(world, endpoint, {
    kind: "judge",
    firstModelId: models.secondModelId,
    secondModelId: models.firstModelId,
  });
  await work();
  expect(fake.requests).toHaveLength(8);
  expect(await getRunRequests(world.researcher, again.id)).toMatchObject({ answered: 8, cost: 0 });
  expect(await getJudgeReport(world.researcher, again.id)).toMatchObject({
    first: "poor",
    counts: { first: 0, second: 2, tie: 2 },
    judge: { value: 0.25 },
  });
});

it("stands beside the votes on the same pairs, people and simulated apart", async () => {
  const { db } = database;
  const { pairs, models } = await addPairs(3);
  const ids: string[] = [];
  for (const pair of pairs.slice(0, 2))
    ids.push(...(await createItems({ db }, { projectId: world.projectId, items: [{ ...pair, mode: "pairwise" }], seatsPerItem: 3 })).ids);
  const [ann, bot] = [await addUser(db, "annotator"), await addUser(db, "annotator", { simulated: true })];
  const vote = (who: typeof ann, i: number, goodWins: boolean, seat: number) => {
    const [good, poor] = pairs[i]?.completionIds ?? ["", ""];
    return addVote(who, {
      projectId: world.projectId,
      itemId: ids[i] ?? "",
      shownOrder: [poor, good],
      value: { kind: "pairwise", margin: goodWins ? 1 : -1 },
      ranks: goodWins ? [2, 1] : [1, 2],
      seat,
    });
  };
  await vote(ann, 0, true, 1);
  await vote(ann, 1, false, 1);
  await vote(bot, 0, true, 2);
  fake.reply = (request) => chatAnswer({ text: prefersGood(lastMessage(request)) });
  const run = await addEndpointRun(world, await addEndpoint(world, "Judge", { baseUrl: fake.baseUrl }), {
    kind: "judge",
    pairs: "voted",
    ...models,
  });
  await work();
  const report = await getJudgeReport(world.researcher, run.id);
  expect(report).toMatchObject({
    pairs: 2,
    counts: { first: 2 },
    people: { votes: 2, pairs: 2, winRate: { value: 0.5 }, judgeAgrees: { k: 1, n: 2 }, amongThem: null },
    simulated: { votes: 1, judgeAgrees: { k: 1, n: 1 } },
  });
});

it("an answer without a verdict is a failed request with its words; another worker goes on with the pairs of the first", async () => {
  const { db } = database;
  const { models } = await addPairs(2);
  fake.reply = (request, place) =>
    place === 0 ? chatAnswer({ text: "Hard to say." }) : chatAnswer({ text: prefersGood(lastMessage(request)) });
  const run = await addEndpointRun(world, await addEndpoint(world, "Judge", { baseUrl: fake.baseUrl }), { kind: "judge", ...models });
  await work();
  expect(await readRun(db, run.id)).toMatchObject({ state: "succeeded", reason: "Finished: 3 of 4 answered, 1 failed" });
  expect((await getRunRequests(world.researcher, run.id)).failures).toMatchObject([
    { error: "The judge gave no verdict; it ended with: Hard to say." },
  ]);
  expect(await getJudgeReport(world.researcher, run.id)).toMatchObject({ pairs: 1, open: 1 });
  await addPairs(1);
  await db.update(runs).set({ state: "queued" }).where(eq(runs.id, run.id));
  await work();
  expect(await readRun(db, run.id)).toMatchObject({ totalSteps: 4 });
});
