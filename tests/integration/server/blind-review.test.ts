/** Blind review: who may learn whose a vote is, and which model wrote what. */
import { beforeAll, describe, expect, it } from "vitest";
import { upsertMember } from "../../../db/queries/members";
import { updateProject } from "../../../db/queries/projects";
import type { ProjectRole } from "../../../domain/project-role";
import type { UserContext } from "../../../server/context";
import { readJudgements } from "../../../server/services/export";
import { getProjectOverview } from "../../../server/services/project";
import { getPrompt } from "../../../server/services/prompt";
import { getQuality, listToReview } from "../../../server/services/quality";
import { createRunWorld } from "../../helpers/run-world";
import { addItem, addUser, addVote } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
const MODEL = "test-model";
let projectId: string;
let promptId: string;
let annotators: UserContext[];
const readers = {} as Record<Exclude<ProjectRole, "annotator">, UserContext>;

beforeAll(async () => {
  ({ projectId } = await createRunWorld(db()));
  annotators = [];
  for (const _ of [1, 2]) annotators.push(await addUser(db(), "annotator"));
  for (const role of ["reviewer", "researcher", "owner"] as const) {
    readers[role] = await addUser(db(), "annotator");
    await upsertMember(db(), { projectId, userId: readers[role].user.id, role });
  }
  const item = await addItem(db(), projectId, ["one", "two"], { seats: 2 });
  promptId = item.promptId;
  for (const [i, ctx] of annotators.entries())
    await addVote(ctx, {
      projectId,
      itemId: item.itemId,
      shownOrder: item.completionIds,
      seat: i + 1,
      ...(i === 0
        ? { value: { kind: "flag", note: "odd" } as const, ranks: null }
        : { value: { kind: "pairwise", margin: -1 } as const, ranks: [1, 2] }),
    });
});

const setBlind = (blindReview: boolean) => updateProject(db(), projectId, { blindReview });
/** Whether anything in `value` names an annotator by name or id. */
const tellsWho = (value: unknown) =>
  annotators.some(({ user }) => [user.id, user.name].some((word) => JSON.stringify(value).includes(word)));
const review = (ctx: UserContext) => listToReview(ctx, { projectId, simulated: false });
const quality = (ctx: UserContext) => getQuality(ctx, { projectId, simulated: false });

describe("without it", () => {
  beforeAll(() => setBlind(false));

  it("reviewers see who voted, and which model wrote what", async () => {
    const { judgements, blind } = await review(readers.reviewer);
    expect([blind, tellsWho(judgements), judgements[0]?.completions[0]?.model]).toEqual([false, true, MODEL]);
    expect(tellsWho(await quality(readers.reviewer))).toBe(true);
  });
});

describe("with it", () => {
  beforeAll(() => setBlind(true));

  it("the review tells nobody, not even owners", async () => {
    for (const ctx of Object.values(readers)) {
      const { judgements, blind } = await review(ctx);
      expect(blind).toBe(true);
      expect(judgements.length).toBeGreaterThan(0);
      expect(tellsWho(judgements)).toBe(false);
      expect(JSON.stringify(judgements)).not.toContain(MODEL);
      expect(judgements.every(({ annotator }) => /^annotator-[0-9a-f]{12}$/.test(annotator))).toBe(true);
    }
  });

  it("quality, overview and prompts name annotators to owners only", async () => {
    const pages = [quality, (ctx: UserContext) => getProjectOverview(ctx, { projectId })];
    for (const page of pages) {
      expect(tellsWho(await page(readers.reviewer))).toBe(false);
      expect(tellsWho(await page(readers.researcher))).toBe(false);
      expect(tellsWho(await page(readers.owner))).toBe(true);
    }
    expect(tellsWho(await getPrompt(readers.researcher, { promptId }))).toBe(false);
    expect(tellsWho(await getPrompt(readers.owner, { promptId }))).toBe(true);
  });

  it("one person has one pseudonym on all pages and in exports", async () => {
    const { judgements } = await review(readers.reviewer);
    const [flag] = judgements;
    const { annotators: reliable } = await quality(readers.reviewer);
    expect(reliable.map(({ name }) => name)).toContain(flag?.annotator);
    const exported: string[] = [];
    for await (const { annotator } of readJudgements(readers.researcher, { projectId, simulated: false })) exported.push(annotator);
    expect(exported).toContain(flag?.annotator);
    expect(tellsWho(exported)).toBe(false);
  });
});
