/** The queue on a real database: nobody is given another's seat, nothing is judged twice, nothing is lost. */
import { randomUUID } from "node:crypto";
import { and, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertItems } from "../../../db/queries/items";
import { completions, judgements, models, projects, prompts, seats, users } from "../../../db/schema";
import { MAX_HELD } from "../../../domain/annotation/task";
import type { ItemMode, JudgementSubmission, JudgementValue } from "../../../domain/judgement";
import { DEFAULT_SCALES } from "../../../domain/scale";
import type { UserContext } from "../../../server/context";
import { getOwnStatistics, listOwnJudgements, submitJudgement, undoJudgement } from "../../../server/services/judgement";
import { claimNextItem, listProjectsToAnnotate, releaseItem, renewLease, saveDraft } from "../../../server/services/queue";
import { createTestDb, type TestDb } from "../../helpers/database";

let database: TestDb;
let projectId: string;
beforeAll(async () => {
  database = await createTestDb();
});
afterAll(() => database.close());

const only = <T>(rows: T[]): T => {
  const [row] = rows;
  if (row === undefined) throw new Error("nothing was inserted");
  return row;
};

/** A project with `count` items of `k` completions that each want `seatsPerItem` judgements. */
async function createItemsToJudge(
  count: number,
  seatsPerItem: number,
  k = 2,
  mode: ItemMode = k === 2 ? "pairwise" : "ranking",
): Promise<void> {
  const { db } = database;
  projectId = only(await db.insert(projects).values({ slug: randomUUID(), name: "Queue", undoSeconds: 300 }).returning()).id;
  const model = only(await db.insert(models).values({ projectId, name: "model" }).returning());
  const made = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const prompt = only(
        await db
          .insert(prompts)
          .values({
            projectId,
            messages: [{ role: "user", content: `Prompt ${i}` }],
            split: "train",
            groupKey: String(i),
            contentHash: String(i),
          })
          .returning(),
      );
      const rows =
        k === 0
          ? []
          : await db
              .insert(completions)
              .values(
                Array.from({ length: k }, (__, c) => ({
                  projectId,
                  promptId: prompt.id,
                  modelId: model.id,
                  text: `Text ${c}`,
                  source: "external" as const,
                  contentHash: String(c),
                })),
              )
              .returning();
      return { promptId: prompt.id, completionIds: rows.map(({ id }) => id), mode };
    }),
  );
  await insertItems(db, { projectId, items: made, seatsPerItem });
}

async function createAnnotator(): Promise<UserContext> {
  const user = only(
    await database.db
      .insert(users)
      .values({ email: `${randomUUID()}@example.org`, name: "Annotator" })
      .returning(),
  );
  return { db: database.db, user: { id: user.id, role: "annotator", name: user.name, simulated: false } };
}

const vote = (
  itemId: string,
  value: JudgementValue = { kind: "pairwise", margin: -2 },
  clientEventId = randomUUID(),
): JudgementSubmission => ({
  itemId,
  clientEventId,
  value,
  reasons: [],
  comment: "",
  activeMs: 1000,
  idleMs: 0,
  untouched: false,
});
const expireLeases = () =>
  database.db
    .update(seats)
    .set({ leaseExpiresAt: new Date(0) })
    .where(and(isNotNull(seats.annotatorId), isNull(seats.judgementId)));
const take = async (ctx: UserContext, holding: string[] = []) => {
  const task = await claimNextItem(ctx, { projectId, holding });
  if (!task) throw new Error("no item");
  return task;
};

describe("assignment", () => {
  it("25 annotators at once judge everything exactly as often as wanted", async () => {
    await createItemsToJudge(30, 3);
    const annotators = await Promise.all(Array.from({ length: 25 }, createAnnotator));
    await Promise.all(
      annotators.map(async (ctx) => {
        for (let task = await claimNextItem(ctx, { projectId }); task; task = await claimNextItem(ctx, { projectId })) {
          await submitJudgement(ctx, vote(task.itemId));
        }
      }),
    );
    const counts = await database.db
      .select({
        itemId: judgements.itemId,
        n: sql<number>`count(*)::int`,
        people: sql<number>`count(distinct ${judgements.annotatorId})::int`,
      })
      .from(judgements)
      .where(eq(judgements.projectId, projectId))
      .groupBy(judgements.itemId);
    expect(counts).toHaveLength(30);
    for (const { n, people } of counts) expect([n, people]).toEqual([3, 3]);
  });
  it("the database refuses one annotator on two seats of an item, and a second judgement from a seat", async () => {
    await createItemsToJudge(1, 2);
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await expect(
      database.db
        .update(seats)
        .set({ annotatorId: ctx.user.id, shownOrder: [] })
        .where(and(eq(seats.itemId, itemId), isNull(seats.annotatorId))),
    ).rejects.toMatchObject({ cause: { code: "23505" } });
    await submitJudgement(ctx, vote(itemId));
    const [row] = await database.db.select().from(judgements).where(eq(judgements.itemId, itemId));
    const other = await createAnnotator();
    if (!row) throw new Error("no judgement");
    const { id: _id, ...copy } = row;
    await expect(
      database.db.insert(judgements).values({ ...copy, annotatorId: other.user.id, clientEventId: randomUUID() }),
    ).rejects.toMatchObject({ cause: { code: "23505" } });
  });
  it("a lease that ran out goes to somebody else; the late vote counts while a seat is free", async () => {
    await createItemsToJudge(1, 2);
    const [slow, quick, third] = await Promise.all([createAnnotator(), createAnnotator(), createAnnotator()]);
    const late = await take(slow as UserContext);
    await expireLeases();
    const taken = await take(quick as UserContext);
    await submitJudgement(quick as UserContext, vote(taken.itemId));
    await submitJudgement(slow as UserContext, vote(late.itemId));
    await expect(submitJudgement(third as UserContext, vote(late.itemId))).rejects.toMatchObject({ code: "CONFLICT" });
    // The order shown to the late one is the one that the vote is stored with.
    const [stored] = await database.db
      .select()
      .from(judgements)
      .where(eq(judgements.annotatorId, (slow as UserContext).user.id));
    expect(stored?.shownOrder).toEqual(late.completions.map(({ id }) => id));
  });
  it("gives a reloaded page what it held, some ahead, and no more than one person may hold", async () => {
    await createItemsToJudge(MAX_HELD + 1, 1);
    const ctx = await createAnnotator();
    const holding: string[] = [];
    for (let i = 0; i < MAX_HELD; i++) holding.push((await take(ctx, holding)).itemId);
    expect(new Set(holding).size).toBe(MAX_HELD);
    expect(await claimNextItem(ctx, { projectId, holding })).toBeNull();
    const [first = "", secondId = ""] = holding;
    const second = { itemId: secondId };
    expect((await take(ctx)).itemId).toBe(first);
    expect(await releaseItem(ctx, { itemId: second.itemId })).toEqual({ released: true });
    await expect(renewLease(ctx, { itemId: second.itemId })).rejects.toMatchObject({ code: "GONE" });
  });
  it("shows completions in different orders to different annotators, without their models", async () => {
    await createItemsToJudge(1, 20);
    const orders = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const task = await take(await createAnnotator());
      expect(Object.keys(task.completions[0] ?? {})).toEqual(["id", "text"]);
      orders.add(task.completions.map(({ text }) => text).join());
    }
    expect(orders.size).toBe(2);
  });
});

describe("votes", () => {
  beforeEach(() => createItemsToJudge(3, 1));
  it("the same event twice, also at once, is one judgement", async () => {
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    const submission = vote(itemId);
    const results = await Promise.all([
      submitJudgement(ctx, submission),
      submitJudgement(ctx, submission),
      submitJudgement(ctx, submission),
    ]);
    expect(new Set(results.map(({ judgementId }) => judgementId)).size).toBe(1);
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    await expect(submitJudgement(ctx, vote(itemId))).rejects.toMatchObject({ code: "CONFLICT" });
  });
  it("margins become ranks by shown side", async () => {
    const ctx = await createAnnotator();
    for (const [margin, ranks] of [
      [-3, [1, 2]],
      [0, [1, 1]],
      [1, [2, 1]],
    ] as const) {
      const { itemId } = await take(ctx);
      await submitJudgement(ctx, vote(itemId, { kind: "pairwise", margin }));
      expect(only(await database.db.select().from(judgements).where(eq(judgements.itemId, itemId))).ranks).toEqual(ranks);
    }
    expect(await claimNextItem(ctx, { projectId })).toBeNull();
  });
  it("a skip goes to somebody else and never comes back", async () => {
    const [ctx, other] = [await createAnnotator(), await createAnnotator()];
    const skipped = new Set<string>();
    for (let task = await claimNextItem(ctx, { projectId }); task; task = await claimNextItem(ctx, { projectId })) {
      expect(skipped.has(task.itemId)).toBe(false);
      skipped.add(task.itemId);
      await submitJudgement(ctx, vote(task.itemId, { kind: "skip", cause: "cannot_judge" }));
    }
    expect(skipped.size).toBe(3);
    const task = await take(other);
    await submitJudgement(other, vote(task.itemId));
    expect((await getOwnStatistics(ctx, { projectId })).skipped).toBe(3);
  });
  it("undo gives the item back with its vote; a vote from long ago stays", async () => {
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await submitJudgement(ctx, { ...vote(itemId), reasons: ["Faithful"] });
    expect(await listOwnJudgements(ctx, { projectId })).toMatchObject([
      { itemId, undoable: true, texts: [expect.any(String), expect.any(String)] },
    ]);
    const undone = await undoJudgement(ctx, { projectId });
    expect(undone).toMatchObject({ task: { itemId }, value: { kind: "pairwise", margin: -2 }, reasons: ["Faithful"] });
    expect(await listOwnJudgements(ctx, { projectId })).toEqual([]);
    await submitJudgement(ctx, vote(itemId));
    await database.db
      .update(judgements)
      .set({ createdAt: new Date(Date.now() - 3_600_000) })
      .where(eq(judgements.itemId, itemId));
    await expect(undoJudgement(ctx, { projectId })).rejects.toMatchObject({ code: "GONE" });
  });
  it("drafts are kept for their annotator until the vote", async () => {
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await saveDraft(ctx, { itemId, value: { margin: 2 } });
    expect((await take(ctx)).draft).toEqual({ margin: 2 });
    await expect(saveDraft(await createAnnotator(), { itemId, value: {} })).rejects.toMatchObject({ code: "GONE" });
    await submitJudgement(ctx, vote(itemId));
    await undoJudgement(ctx, { projectId });
    expect((await take(ctx)).draft).toBeNull();
  });
  it("refuses what does not fit the item, naming it", async () => {
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await expect(submitJudgement(ctx, vote(itemId, { kind: "ranking", ranks: [1, 2] }))).rejects.toMatchObject({
      code: "BAD_INPUT",
      message: expect.stringContaining("value.kind:"),
    });
    await expect(submitJudgement(ctx, vote(randomUUID()))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
  it("lists projects with what is left for each annotator", async () => {
    const ctx = await createAnnotator();
    await submitJudgement(ctx, vote((await take(ctx)).itemId));
    expect((await listProjectsToAnnotate(ctx)).find(({ id }) => id === projectId)).toMatchObject({ judged: 1, open: 2 });
  });
});

describe("other modes", () => {
  const scales = DEFAULT_SCALES.map(({ name, points }) => ({ name, points }));
  it.each<[ItemMode, number, JudgementValue, number[] | null]>([
    ["best_of_n", 3, { kind: "best_of_n", best: 1 }, [2, 1, 2]],
    ["best_of_n", 3, { kind: "both_bad" }, null],
    [
      "rating",
      2,
      {
        kind: "rating",
        scales,
        scores: [
          [1, 2, 3],
          [5, 5, 4],
        ],
      },
      [2, 1],
    ],
    // The same sum on equal scales is a tie.
    [
      "rating",
      2,
      {
        kind: "rating",
        scales,
        scores: [
          [1, 2, 3],
          [3, 2, 1],
        ],
      },
      [1, 1],
    ],
    ["rating", 1, { kind: "rating", scales, scores: [[1, 2, 3]] }, null],
    ["edit", 1, { kind: "edit", text: "Better" }, null],
    ["demonstration", 0, { kind: "demonstration", text: "Mine" }, null],
  ])("%s of %i: %j", async (mode, k, value, ranks) => {
    await createItemsToJudge(1, 1, k, mode);
    const ctx = await createAnnotator();
    const task = await take(ctx);
    expect([task.mode, task.completions.length, task.scales]).toEqual([mode, k, DEFAULT_SCALES]);
    await submitJudgement(ctx, vote(task.itemId, value));
    expect(only(await database.db.select().from(judgements).where(eq(judgements.itemId, task.itemId)))).toMatchObject({ value, ranks });
    // Undo gives the same words back.
    expect(await undoJudgement(ctx, { projectId })).toMatchObject({ value, task: { itemId: task.itemId } });
  });
  it.each<[ItemMode, number, JudgementValue, string]>([
    ["ranking", 3, { kind: "both_bad" }, 'value.kind: an item of mode ranking cannot be "both_bad"'],
    ["best_of_n", 3, { kind: "best_of_n", best: 3 }, "value.best: expected 0 to 2, not 3"],
    ["best_of_n", 3, { kind: "ranking", ranks: [1, 2, 3] }, "value.kind: this item is of mode best_of_n, not ranking"],
    ["rating", 2, { kind: "rating", scales, scores: [[1, 2, 3]] }, "value.scores: expected the scores of 2 completions, got 1"],
    ["rating", 1, { kind: "rating", scales, scores: [[1, 2]] }, "value.scores.0: expected 3 scores, got 2"],
    ["rating", 1, { kind: "rating", scales, scores: [[1, 2, 6]] }, "value.scores.0.2: expected 1 to 5, not 6"],
    [
      "rating",
      1,
      { kind: "rating", scales: [{ name: "Mine", points: 5 }], scores: [[1]] },
      "value.scales: the project's scales have changed since; rate this item again",
    ],
    ["edit", 1, { kind: "demonstration", text: "x" }, "value.kind: this item is of mode edit, not demonstration"],
  ])("%s of %i refuses %j", async (mode, k, value, message) => {
    await createItemsToJudge(1, 1, k, mode);
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await expect(submitJudgement(ctx, vote(itemId, value))).rejects.toMatchObject({ code: "BAD_INPUT", message });
  });
  it("two prompts to write for are two items", async () => {
    await createItemsToJudge(2, 1, 0, "demonstration");
    const ctx = await createAnnotator();
    const first = await take(ctx);
    expect((await take(ctx, [first.itemId])).itemId).not.toBe(first.itemId);
  });
});

describe("rankings", () => {
  beforeEach(() => createItemsToJudge(1, 2, 4));
  it("keeps ties, refuses gaps and wrong lengths", async () => {
    const ctx = await createAnnotator();
    const { itemId } = await take(ctx);
    await expect(submitJudgement(ctx, vote(itemId, { kind: "ranking", ranks: [1, 3, 3, 4] }))).rejects.toMatchObject({
      message: expect.stringContaining("without gaps"),
    });
    await expect(submitJudgement(ctx, vote(itemId, { kind: "ranking", ranks: [1, 2] }))).rejects.toMatchObject({
      message: expect.stringContaining("expected 4 ranks"),
    });
    await submitJudgement(ctx, vote(itemId, { kind: "ranking", ranks: [2, 1, 2, 3] }));
    expect(only(await database.db.select().from(judgements).where(eq(judgements.itemId, itemId))).ranks).toEqual([2, 1, 2, 3]);
  });
  it("agreement with others counts strictly ordered pairs, whatever order each was shown", async () => {
    const [a, b] = [await createAnnotator(), await createAnnotator()];
    for (const ctx of [a, b]) {
      const task = await take(ctx);
      // Both rank by the text, Text 0 first; the second ties the last two.
      const place = task.completions.map(({ text }) => Number(text.split(" ")[1]) + 1);
      await submitJudgement(ctx, vote(task.itemId, { kind: "ranking", ranks: ctx === b ? place.map((rank) => Math.min(rank, 3)) : place }));
    }
    expect((await getOwnStatistics(a, { projectId })).agreement).toEqual({ value: 1, n: 5 });
  });
});
