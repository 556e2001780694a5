/** The people of a project, page by page. */
import { beforeAll, describe, expect, it } from "vitest";
import { upsertMember } from "../../../db/queries/members";
import { updateProject } from "../../../db/queries/projects";
import { insertUser } from "../../../db/queries/users";
import type { UserContext } from "../../../server/context";
import { changeTeamMember, listTeam } from "../../../server/services/queue-settings";
import { addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
/** More than one page, beside the owner. */
const PEOPLE = 51;
let projectId: string;
let owner: UserContext;
const ids: string[] = [];

async function addPerson(name: string, simulated = false): Promise<string> {
  const user = await insertUser(db(), { email: `${crypto.randomUUID()}@example.org`, name, role: "annotator", simulated });
  if (user === null) throw new Error("The account was not made");
  return user.id;
}

beforeAll(async () => {
  projectId = await addProject(db());
  await updateProject(db(), projectId, { access: "members" });
  owner = await addUser(db(), "annotator");
  await upsertMember(db(), { projectId, userId: owner.user.id, role: "owner" });
  for (let i = 0; i < PEOPLE; i++) {
    const userId = await addPerson(i === 7 ? "Person 100%_" : `Person ${String(i).padStart(2, "0")}`);
    await upsertMember(db(), { projectId, userId, role: "annotator" });
    ids.push(userId);
  }
  await addPerson("Person elsewhere");
});

const list = (part: { search?: string; special?: boolean; page?: number } = {}) =>
  listTeam(owner, { projectId, search: "", special: false, page: 1, ...part });
const change = (userId: string, part: { adjudicator?: boolean; paused?: boolean; dailyCap?: number | null }) =>
  changeTeamMember(owner, { projectId, userId, adjudicator: false, paused: false, dailyCap: null, ...part });

describe("the team of a project", () => {
  it("is everybody who may judge there, once, by name", async () => {
    const [one, two] = [await list(), await list({ page: 2 })];
    expect([one.total, one.pageSize, one.people.length, two.people.length]).toEqual([PEOPLE + 1, 50, 50, 2]);
    const names = [...one.people, ...two.people].map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(new Set([...one.people, ...two.people].map(({ id }) => id)).size).toBe(PEOPLE + 1);
    expect(names).not.toContain("Person elsewhere");
  });

  it("of an open project has everybody with an account, simulated annotators not", async () => {
    await updateProject(db(), projectId, { access: "open" });
    await addPerson("Person simulated", true);
    const { people } = await list({ search: "elsewhere" });
    expect(people.map(({ name }) => name)).toEqual(["Person elsewhere"]);
    expect((await list({ search: "Person simulated" })).total).toBe(0);
    await updateProject(db(), projectId, { access: "members" });
  });

  it("is searched by what names contain, whatever the characters", async () => {
    expect((await list({ search: "person 0" })).people.map(({ name }) => name)).toHaveLength(9);
    expect((await list({ search: "0%_" })).people.map(({ name }) => name)).toEqual(["Person 100%_"]);
    expect((await list({ search: "%" })).total).toBe(1);
  });

  it("can be only who has settings of their own", async () => {
    expect((await list({ special: true })).total).toBe(0);
    await change(ids[3] ?? "", { adjudicator: true });
    await change(ids[1] ?? "", { dailyCap: 5 });
    await change(ids[2] ?? "", { paused: true });
    const { people, total } = await list({ special: true });
    expect(total).toBe(3);
    expect(people.map(({ name, adjudicator, paused, dailyCap }) => [name, adjudicator, paused, dailyCap])).toEqual([
      ["Person 01", false, false, 5],
      ["Person 02", false, true, null],
      ["Person 03", true, false, null],
    ]);
    await change(ids[2] ?? "", {});
    expect((await list({ special: true })).total).toBe(2);
  });
});
