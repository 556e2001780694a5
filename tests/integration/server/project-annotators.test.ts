/** The annotators of a project: the most active on its overview, all of them page by page. */
import { beforeAll, describe, expect, it } from "vitest";
import { upsertMember } from "../../../db/queries/members";
import { insertUser } from "../../../db/queries/users";
import { updateProject } from "../../../db/queries/projects";
import type { UserContext } from "../../../server/context";
import { getProjectOverview, listAnnotators } from "../../../server/services/project";
import { addItem, addProject, addUser, addVote } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
/** More than one page. */
const PEOPLE = 53;
let projectId: string;
let reviewer: UserContext;
let people: UserContext[];

async function addAnnotator(i: number, simulated = false): Promise<UserContext> {
  const name = `Annotator ${String(i).padStart(3, "0")}`;
  const user = await insertUser(db(), { email: `${crypto.randomUUID()}@example.org`, name, role: "annotator", simulated });
  if (user === null) throw new Error("The account was not made");
  return { db: db(), user: { id: user.id, role: user.role, name, simulated } };
}

async function vote(ctx: UserContext, item: { itemId: string; completionIds: string[] }, seat: number, margin: number) {
  await addVote(ctx, {
    projectId,
    itemId: item.itemId,
    shownOrder: item.completionIds,
    seat,
    value: { kind: "pairwise", margin },
    ranks: margin < 0 ? [1, 2] : [2, 1],
  });
}

beforeAll(async () => {
  projectId = await addProject(db());
  reviewer = await addUser(db(), "annotator");
  await upsertMember(db(), { projectId, userId: reviewer.user.id, role: "reviewer" });
  people = [];
  for (let i = 0; i < PEOPLE; i++) people.push(await addAnnotator(i));
  const [first, second] = people as [UserContext, UserContext];
  // Everybody judges an item of their own; the last three annotators one, two and three more, and two people the same item.
  for (const [i, ctx] of people.entries()) {
    const more = Math.max(0, i - (PEOPLE - 4));
    for (let n = 0; n <= more; n++) await vote(ctx, await addItem(db(), projectId, [`${i} ${n} one`, `${i} ${n} two`]), 1, -2);
  }
  const shared = await addItem(db(), projectId, ["shared one", "shared two"], { seats: 2 });
  await vote(first, shared, 1, -2);
  await vote(second, shared, 2, -1);
  const machine = await addAnnotator(900, true);
  for (let n = 0; n < 9; n++) await vote(machine, await addItem(db(), projectId, [`machine ${n} one`, `machine ${n} two`]), 1, 2);
});

const page = (n: number) => listAnnotators(reviewer, { projectId, page: n });
const names = (rows: { name: string }[]) => rows.map(({ name }) => Number(name.slice(-3)));

describe("annotators of a project", () => {
  it("the overview has the eight most active people, and says how many there are", async () => {
    const { annotators, annotatorCount } = await getProjectOverview(reviewer, { projectId });
    expect(annotatorCount).toBe(PEOPLE + 1);
    expect(names(annotators)).toEqual([52, 51, 0, 1, 50, 2, 3, 4]);
    expect(annotators.map(({ judgements }) => judgements)).toEqual([4, 3, 2, 2, 2, 1, 1, 1]);
    expect(annotators[0]).toMatchObject({ preferences: 4, skips: 0, flags: 0, bothBad: 0, medianActiveMs: 1000, activeMs: 4000 });
  });

  it("each with how far they agree with the others", async () => {
    const { annotators } = await getProjectOverview(reviewer, { projectId });
    const of = (n: number) => annotators.find(({ name }) => name.endsWith(String(n).padStart(3, "0")))?.agreement;
    expect([of(0), of(1), of(52)]).toEqual([{ agreed: 1, n: 1 }, { agreed: 1, n: 1 }, null]);
  });

  it("pages have everybody once, people before simulated annotators", async () => {
    const [one, two, none] = [await page(1), await page(2), await page(3)];
    expect([one.total, one.pageSize, one.annotators.length, two.annotators.length, none.annotators]).toEqual([54, 50, 50, 4, []]);
    expect(new Set(names([...one.annotators, ...two.annotators])).size).toBe(54);
    expect(names(two.annotators).at(-1)).toBe(900);
  });

  it("a blind review names nobody, by name or by id", async () => {
    await updateProject(db(), projectId, { blindReview: true });
    for (const seen of [await getProjectOverview(reviewer, { projectId }), await page(1)]) {
      const text = JSON.stringify(seen);
      expect(people.filter(({ user }) => text.includes(user.id) || text.includes(user.name))).toEqual([]);
      expect(seen.annotators.some(({ agreement }) => agreement !== null)).toBe(true);
    }
  });
});
