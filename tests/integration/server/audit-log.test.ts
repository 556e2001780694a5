/** The audit log: written with the change, read by filters, in pages and as CSV; nobody can change it. */
import { sql } from "drizzle-orm";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { upsertMember } from "../../../db/queries/members";
import { auditEntries } from "../../../db/schema";
import { defaultQueue } from "../../../domain/queue";
import type { UserContext } from "../../../server/context";
import { exportAudit, listAudit, listAuditActors } from "../../../server/services/audit-log";
import { exportJudgements } from "../../../server/services/export";
import { createInvitation } from "../../../server/services/invitation";
import { changeMember } from "../../../server/services/member";
import { changeProject, createProject } from "../../../server/services/project";
import { getQuality, listToReview } from "../../../server/services/quality";
import { changeQueue } from "../../../server/services/queue-settings";
import { changeUserRole } from "../../../server/services/user";
import { addItem, addUser, addVote } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let owner: UserContext;
let admin: UserContext;
let ann: UserContext;
let projectId: string;

beforeAll(async () => {
  owner = await addUser(db(), "researcher");
  admin = await addUser(db(), "admin");
  ann = await addUser(db(), "annotator");
  ({ id: projectId } = await createProject(owner, { name: "Logged", description: "", overlap: 1, reasons: [] }));
  await upsertMember(db(), { projectId, userId: ann.user.id, role: "annotator" });
  const { itemId, completionIds } = await addItem(db(), projectId, ["=1+1", "another"]);
  await addVote(ann, { projectId, itemId, shownOrder: completionIds, value: { kind: "pairwise", margin: -1 }, ranks: [1, 2] });
});

const entries = async (filter: Partial<Parameters<typeof listAudit>[1]> = {}) =>
  (await listAudit(owner, { projectId, limit: 200, ...filter })).entries;
const drain = async (chunks: AsyncGenerator<Uint8Array>) => {
  let text = "";
  for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
  return text;
};

describe("the audit log", () => {
  it("has settings as they were and as they are, and only those that changed", async () => {
    await changeProject(owner, { projectId, name: "Logged", overlap: 3, published: false });
    await changeQueue(owner, { projectId, settings: { ...defaultQueue, dailyCap: 40 } });
    await changeMember(admin, { projectId, userId: ann.user.id, role: "reviewer" });
    const [member, queue, project, made] = await entries();
    expect(member).toMatchObject({
      action: "member.changed",
      actorId: admin.user.id,
      kind: "user",
      targetId: ann.user.id,
      target: ann.user.name,
      details: { before: { role: "annotator" }, after: { role: "reviewer" } },
    });
    expect(queue).toMatchObject({ action: "queue.changed", details: { before: { dailyCap: 0 }, after: { dailyCap: 40 } } });
    expect(project).toMatchObject({
      action: "project.changed",
      actor: owner.user.name,
      details: { before: { overlap: 1 }, after: { overlap: 3 } },
    });
    expect(made).toMatchObject({ action: "project.created", kind: "project", targetId: projectId });
  });

  it("has no entry of a change that did not happen", async () => {
    const before = (await entries()).length;
    await expect(changeMember(owner, { projectId, userId: owner.user.id, role: "annotator" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await entries()).toHaveLength(before);
  });

  it("holds no address of anybody", async () => {
    await createInvitation(owner, { projectId, role: "annotator", email: "guest@example.org", maxUses: 1, days: 1 });
    const [made] = await entries();
    expect(made?.details).toEqual({ after: { role: "annotator", maxUses: 1, days: 1, forOneAddress: true } });
  });

  it("has downloads each time, and votes seen with names once an hour", async () => {
    const count = async (action: "votes.exported" | "votes.seen" | "quality.seen") => (await entries({ action })).length;
    for (const _ of [1, 2]) {
      await drain(exportJudgements(owner, { projectId, simulated: false, layout: "hone", file: "jsonl" }));
      await getQuality(owner, { projectId, simulated: false });
      await listToReview(owner, { projectId, simulated: false });
    }
    expect([await count("votes.exported"), await count("quality.seen")]).toEqual([2, 1]);
    // Nothing waited for review, so no vote was seen.
    expect(await count("votes.seen")).toBe(0);
  });

  it("is filtered by person, action and day, and read in pages without gap", async () => {
    expect((await entries({ actorId: admin.user.id })).map(({ action }) => action)).toEqual(["member.changed"]);
    expect((await entries({ action: "project.created" })).map(({ actorId }) => actorId)).toEqual([owner.user.id]);
    const today = new Date().toISOString().slice(0, 10);
    expect((await entries({ from: "2000-01-01", to: "2000-01-02" })).length).toBe(0);
    expect((await entries({ from: today })).length + (await entries({ to: "2000-01-01" })).length).toBeGreaterThan(0);
    const all = await entries();
    const paged: number[] = [];
    let cursor: number | undefined;
    do {
      const page = await listAudit(owner, { projectId, limit: 2, cursor });
      paged.push(...page.entries.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(all.map(({ id }) => id));
    expect((await listAuditActors(owner, { projectId })).map(({ id }) => id).sort()).toEqual([owner.user.id, admin.user.id].sort());
  });

  it("is one for the installation, for admins, with what belongs to no project", async () => {
    await changeUserRole(admin, { userId: ann.user.id, role: "researcher" });
    const [newest] = (await listAudit(admin, { projectId: null, limit: 1 })).entries;
    expect(newest).toMatchObject({
      action: "user.role",
      projectId: null,
      details: { before: { role: "annotator" }, after: { role: "researcher" } },
    });
    expect((await entries()).every((entry) => entry.projectId === projectId)).toBe(true);
  });

  it("comes as CSV, and that it was taken out is an entry", async () => {
    const rows = parse(await drain(exportAudit(owner, { projectId }))) as string[][];
    expect(rows[0]?.slice(0, 4)).toEqual(["time", "person", "person_id", "action"]);
    expect(rows.length - 1).toBe((await entries()).length);
    expect(rows[1]?.[3]).toBe("downloaded the log");
  });

  it.each(["update audit_entries set action = 'run.started'", "delete from audit_entries", "truncate audit_entries"])(
    "the database refuses: %s",
    async (statement) => {
      const before = await db().$count(auditEntries);
      await expect(db().execute(sql.raw(statement))).rejects.toMatchObject({
        cause: expect.objectContaining({ message: expect.stringContaining("append-only") }),
      });
      expect(await db().$count(auditEntries)).toBe(before);
    },
  );
});
