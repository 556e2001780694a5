/** What the queue does beside handing out work: checks, repetitions, caps, more votes where they disagree, a second tier. */
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { updatePurpose, upsertProjectAnnotator } from "../../../db/queries/queue";
import { items, judgements, projects, seats } from "../../../db/schema";
import { type QueueSettings, queueSettingsSchema } from "../../../domain/queue";
import type { UserContext } from "../../../server/context";
import { previewDataset } from "../../../server/services/dataset";
import { submitJudgement } from "../../../server/services/judgement";
import { getQuality } from "../../../server/services/quality";
import type { AnnotationTask } from "../../../domain/annotation/task";
import { claimNextItem } from "../../../server/services/queue";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();

async function createProject(queue: Partial<QueueSettings>, count: number, seatsPerItem = 1) {
  const projectId = await addProject(db());
  await db()
    .update(projects)
    .set({ queue: queueSettingsSchema.parse(queue) })
    .where(eq(projects.id, projectId));
  const made = [];
  for (let i = 0; i < count; i++) made.push(await addItem(db(), projectId, [`good ${i}`, `poor ${i}`], { seats: seatsPerItem }));
  return { projectId, made };
}
const annotator = () => addUser(db(), "annotator");
const vote = (ctx: UserContext, task: AnnotationTask, better = "good") =>
  submitJudgement(ctx, {
    itemId: task.itemId,
    clientEventId: crypto.randomUUID(),
    value: { kind: "pairwise", margin: task.completions[0]?.text.startsWith(better) ? -1 : 1 },
    reasons: [],
    comment: "",
    activeMs: 1000,
    idleMs: 0,
    untouched: false,
  });
async function judgeAll(ctx: UserContext, projectId: string, better = "good"): Promise<AnnotationTask[]> {
  const seen: AnnotationTask[] = [];
  for (let task = await claimNextItem(ctx, { projectId }); task !== null; task = await claimNextItem(ctx, { projectId })) {
    seen.push(task);
    await vote(ctx, task, better);
  }
  return seen;
}
const goldOf = ({ completionIds: [good = "", poor = ""] }: { completionIds: string[] }) => ({ [good]: 1, [poor]: 2 });
const seatsOf = (itemId: string) => db().select().from(seats).where(eq(seats.itemId, itemId)).orderBy(seats.seat);

describe("checks", () => {
  it("gold items are hidden among the work, for everybody, and count in no data set", async () => {
    const { projectId, made } = await createProject({ goldShare: 0.5 }, 24);
    for (const item of made.slice(0, 4)) await updatePurpose(db(), { itemId: item.itemId, purpose: "gold", gold: goldOf(item) });
    const people = [await annotator(), await annotator()];
    const seen = [];
    for (const ctx of people) seen.push(await judgeAll(ctx, projectId, ctx === people[0] ? "good" : "poor"));
    const golden = new Set(made.slice(0, 4).map(({ itemId }) => itemId));
    // One seat each: the first annotator takes all the work, the second still meets gold items.
    expect(seen[0]?.filter(({ itemId }) => !golden.has(itemId))).toHaveLength(20);
    expect(seen[0]?.filter(({ itemId }) => golden.has(itemId)).length).toBeGreaterThan(0);
    expect(seen[1]?.every(({ itemId }) => golden.has(itemId))).toBe(true);
    expect(
      (
        await previewDataset(await addUser(db(), "researcher"), {
          projectId,
          kind: "preference",
          filter: { includeSimulated: false, modes: ["pairwise"], roundId: null, excludeUntouched: false },
        })
      ).counts.train,
    ).toBe(20);
    const { annotators } = await getQuality(await addUser(db(), "researcher"), { projectId, simulated: false });
    const goldOfFirst = annotators.find(({ annotatorId }) => annotatorId === people[0]?.user.id)?.gold;
    expect(goldOfFirst?.k).toBe(goldOfFirst?.n);
    expect(goldOfFirst?.n).toBeGreaterThan(0);
  });
  it("qualification comes before any work, and decides on it", async () => {
    const { projectId, made } = await createProject({ qualificationPass: 0.7 }, 8, 3);
    for (const item of made.slice(0, 3)) await updatePurpose(db(), { itemId: item.itemId, purpose: "qualification", gold: goldOf(item) });
    const checks = new Set(made.slice(0, 3).map(({ itemId }) => itemId));
    const [able, unable] = [await annotator(), await annotator()];
    const seen = await judgeAll(able, projectId);
    expect(seen.slice(0, 3).every(({ itemId }) => checks.has(itemId))).toBe(true);
    expect(seen).toHaveLength(8);
    expect(await judgeAll(unable, projectId, "poor")).toHaveLength(3);
  });
});

it("items come back once, with the sides swapped, after the gap; consistency is measured and nothing is counted twice", async () => {
  const { projectId } = await createProject({ repeatShare: 0.5, repeatGap: 3 }, 30);
  const ctx = await annotator();
  const seen = await judgeAll(ctx, projectId);
  const rows = await db()
    .select({ purpose: judgements.purpose, repeatOf: items.repeatOf, shown: judgements.shownOrder })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .where(eq(judgements.projectId, projectId))
    .orderBy(judgements.createdAt);
  const repeats = rows.filter(({ purpose }) => purpose === "repeat");
  expect(repeats.length).toBeGreaterThan(3);
  expect(seen).toHaveLength(30 + repeats.length);
  expect(new Set(repeats.map(({ repeatOf }) => repeatOf)).size).toBe(repeats.length);
  for (const { repeatOf, shown } of repeats) {
    const [first] = await db()
      .select()
      .from(judgements)
      .where(eq(judgements.itemId, repeatOf ?? ""));
    expect(shown).toEqual(first?.shownOrder.toReversed());
  }
  const { annotators, votes } = await getQuality(await addUser(db(), "researcher"), { projectId, simulated: false });
  expect(annotators[0]?.repeats).toEqual({ k: repeats.length, n: repeats.length });
  expect(votes).toBe(30 + repeats.length);
});

it("a daily cap ends the day, an annotator's own cap stands above the project's, and nobody who is paused gets anything", async () => {
  const { projectId } = await createProject({ dailyCap: 2 }, 12);
  const [one, two, three] = [await annotator(), await annotator(), await annotator()];
  const person = (ctx: UserContext) => ({ projectId, userId: ctx.user.id, adjudicator: false, paused: false, dailyCap: null });
  await upsertProjectAnnotator(db(), { ...person(two), dailyCap: 4 });
  await upsertProjectAnnotator(db(), { ...person(three), paused: true });
  expect(await judgeAll(one, projectId)).toHaveLength(2);
  expect(await judgeAll(two, projectId)).toHaveLength(4);
  expect(await judgeAll(three, projectId)).toHaveLength(0);
  await db()
    .update(judgements)
    .set({ createdAt: new Date(Date.now() - 2 * 86_400_000) })
    .where(and(eq(judgements.projectId, projectId), eq(judgements.annotatorId, one.user.id)));
  expect(await judgeAll(one, projectId)).toHaveLength(2);
});

describe("where votes disagree", () => {
  it("an item gets more of them up to the most, and then an adjudicator, whose word stands for all", async () => {
    const { projectId, made } = await createProject({ maxOverlap: 3, adjudication: true }, 2, 2);
    const itemId = made[0]?.itemId ?? "";
    const [one, two, three, fourth, judge] = [
      await annotator(),
      await annotator(),
      await annotator(),
      await annotator(),
      await annotator(),
    ];
    await upsertProjectAnnotator(db(), { projectId, userId: judge.user.id, adjudicator: true, paused: false, dailyCap: null });
    await judgeAll(one, projectId);
    // The second differs on the first item only.
    for (let task = await claimNextItem(two, { projectId }); task !== null; task = await claimNextItem(two, { projectId }))
      await vote(two, task, task.itemId === itemId ? "poor" : "good");
    expect((await seatsOf(itemId)).map(({ tier }) => tier)).toEqual([1, 1, 1]);
    expect(await seatsOf(made[1]?.itemId ?? "")).toHaveLength(2);
    expect((await judgeAll(three, projectId)).map((task) => task.itemId)).toEqual([itemId]);
    expect((await seatsOf(itemId)).map(({ tier }) => tier)).toEqual([1, 1, 1, 2]);
    expect(await judgeAll(fourth, projectId)).toEqual([]);
    const researcher = await addUser(db(), "researcher");
    const preview = () =>
      previewDataset(researcher, {
        projectId,
        kind: "preference",
        filter: { includeSimulated: false, modes: ["pairwise"], roundId: null, excludeUntouched: false },
      });
    expect((await preview()).counts.train).toBe(5);
    expect((await judgeAll(judge, projectId, "poor")).map((task) => task.itemId)).toEqual([itemId]);
    expect((await preview()).counts.train).toBe(3);
    expect(await seatsOf(itemId)).toHaveLength(4);
  });
});
