import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { items, judgements } from "../../../db/schema";
import type { UserContext } from "../../../server/context";
import { submitJudgement } from "../../../server/services/judgement";
import { getQuality, listToReview, reviewJudgement } from "../../../server/services/quality";
import { claimNextItem } from "../../../server/services/queue";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let projectId: string;
let researcher: UserContext;
let people: UserContext[];
let itemIds: string[];

/** Judges everything: `better` says which text is preferred. */
async function judgeAll(ctx: UserContext, better: (texts: string[]) => number): Promise<void> {
  for (let task = await claimNextItem(ctx, { projectId }); task !== null; task = await claimNextItem(ctx, { projectId })) {
    const best = better(task.completions.map(({ text }) => text));
    await submitJudgement(ctx, {
      itemId: task.itemId,
      clientEventId: crypto.randomUUID(),
      value: { kind: "pairwise", margin: best === 0 ? -2 : 2 },
      reasons: [],
      comment: "",
      activeMs: 20_000,
      idleMs: 0,
      untouched: false,
    });
  }
}

beforeAll(async () => {
  researcher = await addUser(db(), "researcher");
  people = [await addUser(db(), "annotator"), await addUser(db(), "annotator"), await addUser(db(), "annotator")];
  projectId = await addProject(db());
  itemIds = [];
  for (let i = 0; i < 30; i++) itemIds.push((await addItem(db(), projectId, [`good ${i}`, `poor ${i}`], { seats: 3 })).itemId);
  const good = (texts: string[]) => texts.findIndex((text) => text.startsWith("good"));
  await judgeAll(people[0] as UserContext, good);
  await judgeAll(people[1] as UserContext, good);
  // The third is wrong once, wherever it was shown.
  await judgeAll(people[2] as UserContext, (texts) => (texts.includes("good 7") ? 1 - good(texts) : good(texts)));
});

describe("the quality of votes", () => {
  it("speaks of texts, not of sides: 29 items alike, one where two pairs of three differ", async () => {
    const { votes, shared, scales, byMode, annotators, items: least } = await getQuality(researcher, { projectId, simulated: false });
    expect([votes, shared]).toEqual([90, { k: 30, n: 30 }]);
    const order = scales.find(({ name }) => name === "order");
    expect(order?.percent.value).toBeCloseTo((29 * 3 + 1) / 90, 12);
    expect(byMode).toMatchObject([{ group: "pairwise", votes: 90 }]);
    expect(annotators.map(({ agreement }) => agreement).sort((a, b) => a.k - b.k)).toEqual([
      { k: 58, n: 60 },
      { k: 59, n: 60 },
      { k: 59, n: 60 },
    ]);
    expect(least).toMatchObject([{ itemId: itemIds[7], agreed: 1, pairs: 3, prompt: "Prompt for good 7 / poor 7" }]);
    expect((await getQuality(researcher, { projectId, simulated: true })).votes).toBe(0);
  });
  it("counts gold by what is known", async () => {
    const { shownOrder } = (
      await db()
        .select()
        .from(judgements)
        .where(eq(judgements.itemId, itemIds[7] ?? ""))
    )[0] ?? { shownOrder: [] };
    const [first = "", second = ""] = [...shownOrder].sort();
    await db()
      .update(items)
      .set({ gold: { [first]: 1, [second]: 2 } })
      .where(eq(items.id, itemIds[7] ?? ""));
    const { annotators } = await getQuality(researcher, { projectId, simulated: false });
    const gold = annotators.map(({ gold: { k, n } }) => `${k}/${n}`).sort();
    // Two of the three said the same, one the opposite, whichever is the known answer.
    expect([
      ["0/1", "0/1", "1/1"],
      ["0/1", "1/1", "1/1"],
    ]).toContainEqual(gold);
    await db()
      .update(items)
      .set({ gold: null })
      .where(eq(items.id, itemIds[7] ?? ""));
  });
});

describe("review", () => {
  it("leads to the one odd vote; accepted ones are gone", async () => {
    const before = await listToReview(researcher, { projectId, simulated: false });
    expect(before.judgements[0]).toMatchObject({ annotatorId: people[2]?.user.id, itemId: itemIds[7] });
    expect(before.judgements[0]?.likelihood).toBeLessThan(0.1);
    expect(before.judgements[0]?.others).toHaveLength(2);
    await expect(
      reviewJudgement(researcher, { judgementId: before.judgements[0]?.id ?? "", verdict: "sent_back", note: "" }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", fields: [{ field: "note" }] });
    await reviewJudgement(researcher, { judgementId: before.judgements[0]?.id ?? "", verdict: "accepted", note: "" });
    expect((await listToReview(researcher, { projectId, simulated: false })).total).toBe(before.total - 1);
  });
  it("sent back, a vote counts nowhere and its annotator gets the item again", async () => {
    const third = people[2] as UserContext;
    const [odd] = await db()
      .select()
      .from(judgements)
      .where(eq(judgements.annotatorId, third.user.id))
      .orderBy(judgements.createdAt)
      .limit(1);
    if (odd === undefined) throw new Error("no vote");
    await reviewJudgement(researcher, { judgementId: odd.id, verdict: "sent_back", note: "Read the last line again" });
    expect((await getQuality(researcher, { projectId, simulated: false })).votes).toBe(89);
    await expect(reviewJudgement(researcher, { judgementId: odd.id, verdict: "accepted", note: "" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    const task = await claimNextItem(third, { projectId });
    expect(task).toMatchObject({ itemId: odd.itemId, sentBack: "Read the last line again" });
    await judgeAll(third, () => 0);
    expect((await getQuality(researcher, { projectId, simulated: false })).votes).toBe(90);
  });
});
