/** Deleting a person: what goes, what stays, and that dataset versions do not notice; and the download of own data. */
import { and, asc, eq, isNull } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { insertAccount, insertUser, selectUserById } from "../../../db/queries/users";
import { upsertMember } from "../../../db/queries/members";
import {
  accounts,
  auditEntries,
  datasetRows,
  datasetVersions,
  drafts,
  invitations,
  judgements,
  projectMembers,
  rateLimits,
  runEvents,
  runs,
  seats,
  users,
} from "../../../db/schema";
import { runConfigSchema } from "../../../domain/run";
import type { Role } from "../../../domain/user";
import type { UserContext } from "../../../server/context";
import { hashPassword } from "../../../server/password";
import { listAudit } from "../../../server/services/audit-log";
import { freezeDataset } from "../../../server/services/dataset";
import { createInvitation } from "../../../server/services/invitation";
import { submitJudgement } from "../../../server/services/judgement";
import { deleteOwnAccount, deleteUser, exportOwnData, formerName, getAccount } from "../../../server/services/person";
import { getQuality } from "../../../server/services/quality";
import { claimNextItem, saveDraft } from "../../../server/services/queue";
import { createRun } from "../../../server/services/run";
import { resolveProviderUser, selectSessionUser, verifyCredentials } from "../../../server/services/sign-in";
import { listUsers, resetUserPassword, setUserDisabled } from "../../../server/services/user";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";
import { createRunWorld } from "../../helpers/run-world";

// A hash takes a third of a second on an idle machine.
vi.setConfig({ testTimeout: 60_000 });

const db = useDatabase();
const PASSWORD = "correct horse battery";

async function addPerson(role: Role, name: string): Promise<UserContext & { email: string }> {
  const email = `${crypto.randomUUID()}@example.org`;
  const user = await insertUser(db(), { email, name, role, passwordHash: await hashPassword(PASSWORD) });
  if (user === null) throw new Error("taken");
  return { db: db(), user: { id: user.id, role, name, simulated: false }, email };
}

async function vote(ctx: UserContext, projectId: string, comment: string, flag = false): Promise<string> {
  const task = await claimNextItem(ctx, { projectId });
  if (task === null) throw new Error("Nothing is left");
  const value = flag ? ({ kind: "flag", note: comment } as const) : ({ kind: "pairwise", margin: -2 } as const);
  const { judgementId } = await submitJudgement(ctx, {
    itemId: task.itemId,
    clientEventId: crypto.randomUUID(),
    value,
    reasons: ["Clear"],
    comment,
    activeMs: 900,
    idleMs: 0,
    untouched: false,
  });
  return judgementId;
}

/** Two votes frozen into a version, two later ones, an item being held with a draft. */
async function createPast(ctx: UserContext) {
  const researcher = await addUser(db(), "researcher");
  const projectId = await addProject(db());
  for (let i = 0; i < 6; i++) await addItem(db(), projectId, [`good ${i}`, `poor ${i}`]);
  const frozen = [await vote(ctx, projectId, "I, Evelyn, think so"), await vote(ctx, projectId, "")];
  const version = await freezeDataset(researcher, { projectId, kind: "preference" });
  const loose = [await vote(ctx, projectId, "Evelyn again"), await vote(ctx, projectId, "My street is named here", true)];
  const held = await claimNextItem(ctx, { projectId });
  if (held === null) throw new Error("Nothing is left");
  await saveDraft(ctx, { itemId: held.itemId, value: { text: "half a thought" } });
  return { researcher, projectId, frozen, loose, version, heldItemId: held.itemId };
}

const readVersion = async (id: string) => ({
  version: await db().select().from(datasetVersions).where(eq(datasetVersions.id, id)),
  rows: await db().select().from(datasetRows).where(eq(datasetRows.datasetVersionId, id)).orderBy(asc(datasetRows.ordinal)),
});

/** Every text of the database in which `word` stands. */
async function placesOf(word: string): Promise<string[]> {
  const tables = { users, accounts, rateLimits, judgements, drafts, invitations, runs, runEvents, auditEntries, projectMembers };
  const found: string[] = [];
  for (const [name, table] of Object.entries(tables))
    for (const row of await db().select().from(table)) if (JSON.stringify(row).includes(word)) found.push(name);
  return found;
}

describe("a deleted person", () => {
  it("is gone by name, address and words; the votes stay valid under a pseudonym, and dataset versions byte by byte", async () => {
    const eve = await addPerson("annotator", "Evelyn Example");
    const past = await createPast(eve);
    await insertAccount(db(), { provider: "github", providerAccountId: "eve-at-github", userId: eve.user.id });
    await upsertMember(db(), { projectId: past.projectId, userId: eve.user.id, role: "owner" });
    await createInvitation(eve, { projectId: past.projectId, role: "annotator", email: eve.email, maxUses: 1, days: 1 });
    await verifyCredentials(db(), { email: eve.email, password: "wrong", address: "10.0.0.9" });
    const before = await readVersion(past.version.id);
    const admin = await addUser(db(), "admin");

    const { pseudonym } = await deleteUser(admin, { userId: eve.user.id, votes: "keep" });
    expect(pseudonym).toMatch(/^Former annotator [0-9a-f]{4}$/);
    for (const word of ["Evelyn", eve.email, "eve-at-github", "My street", "half a thought"])
      expect([word, await placesOf(word)]).toEqual([word, []]);
    expect(await readVersion(past.version.id)).toEqual(before);
    expect(await freezeDataset(past.researcher, { projectId: past.projectId, kind: "preference" })).toMatchObject({ version: 2 });
    const votes = await db()
      .select()
      .from(judgements)
      .where(and(eq(judgements.annotatorId, eve.user.id), isNull(judgements.undoneAt)));
    expect(votes.map(({ id }) => id).sort()).toEqual([...past.frozen, ...past.loose].sort());
    expect((await getQuality(past.researcher, { projectId: past.projectId, simulated: false })).annotators.map(({ name }) => name)).toEqual(
      [pseudonym],
    );
    const [seat] = await db().select().from(seats).where(eq(seats.itemId, past.heldItemId));
    expect(seat).toMatchObject({ annotatorId: null, leaseExpiresAt: null });
    expect(await db().$count(projectMembers, eq(projectMembers.userId, eve.user.id))).toBe(0);
  });

  it("cannot sign in again in any way, nor be brought back", async () => {
    const eve = await addPerson("annotator", "Eve");
    const profile = { provider: "github", providerAccountId: "gone", email: eve.email, emailVerified: true, name: "Eve" };
    const { mark } = (await verifyCredentials(db(), { email: eve.email, password: PASSWORD, address: "10.0.0.1" })) ?? { mark: "" };
    expect(await selectSessionUser(db(), { id: eve.user.id, mark })).not.toBeNull();
    const admin = await addUser(db(), "admin");
    await deleteUser(admin, { userId: eve.user.id, votes: "keep" });
    expect(await selectSessionUser(db(), { id: eve.user.id, mark })).toBeNull();
    expect(await verifyCredentials(db(), { email: eve.email, password: PASSWORD, address: "10.0.0.1" })).toBeNull();
    expect(await verifyCredentials(db(), { email: `${eve.user.id}@deleted.invalid`, password: PASSWORD, address: "10.0.0.1" })).toBeNull();
    await expect(resolveProviderUser(db(), profile, false)).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const attempt of [
      () => setUserDisabled(admin, { userId: eve.user.id, disabled: false }),
      () => resetUserPassword(admin, { userId: eve.user.id }),
      () => deleteUser(admin, { userId: eve.user.id, votes: "keep" }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect((await listUsers(admin)).find(({ id }) => id === eve.user.id)).toMatchObject({
      deleted: true,
      disabled: true,
      hasPassword: false,
      providers: [],
    });
    // The same address is a new person.
    expect(await insertUser(db(), { email: eve.email, name: "Another Eve" })).not.toBeNull();
  });

  it("withdrawing, takes back what is in no version; others judge these items", async () => {
    const eve = await addPerson("annotator", "Eve");
    const past = await createPast(eve);
    const before = await readVersion(past.version.id);
    expect(await getAccount(eve)).toMatchObject({ votes: 4, frozen: 2, hasPassword: true });
    await deleteOwnAccount(eve, { confirmation: PASSWORD, votes: "withdraw" });
    expect(await readVersion(past.version.id)).toEqual(before);
    const rows = await db().select().from(judgements).where(eq(judgements.annotatorId, eve.user.id));
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const id of past.frozen) expect(byId.get(id)).toMatchObject({ undoneAt: null, ranks: [1, 2], comment: "" });
    for (const id of past.loose)
      expect(byId.get(id)).toMatchObject({
        undoneAt: expect.any(Date),
        ranks: null,
        reasons: [],
        comment: "",
        value: { kind: "skip", cause: "other" },
      });
    // Four of six items are open: two withdrawn, one held, one untouched.
    const ann = await addUser(db(), "annotator");
    for (let i = 0; i < 4; i++) await vote(ann, past.projectId, "");
    expect(await claimNextItem(ann, { projectId: past.projectId })).toBeNull();
  });

  it("is a pseudonym in runs and in the log, and the deletion is logged itself", async () => {
    const world = await createRunWorld(db());
    const rob = await addPerson("researcher", "Rob (he/him)");
    const other = await addPerson("researcher", "Rob (he/him) Smith");
    const input = {
      projectId: world.projectId,
      baseCheckpointId: world.base.id,
      rewardCheckpointId: null,
      datasetVersionId: world.sftDatasetId,
      name: "mine",
    };
    const { id } = await createRun(rob, { ...input, config: runConfigSchema.parse({ kind: "sft" }) });
    const theirs = await createRun(other, { ...input, config: runConfigSchema.parse({ kind: "sft" }) });
    const admin = await addUser(db(), "admin");
    const { pseudonym } = await deleteUser(admin, { userId: rob.user.id, votes: "keep" });
    const [run] = await db().select().from(runs).where(eq(runs.id, id));
    expect(run?.reason).toBe(`Started by ${pseudonym}`);
    const [event] = await db().select().from(runEvents).where(eq(runEvents.runId, id));
    expect(event?.event).toMatchObject({ kind: "state", reason: `Started by ${pseudonym}` });
    expect((await db().select().from(runs).where(eq(runs.id, theirs.id)))[0]?.reason).toBe("Started by Rob (he/him) Smith");
    const { entries } = await listAudit(admin, { projectId: null, limit: 50 });
    expect(entries[0]).toMatchObject({
      action: "person.deleted",
      actorId: admin.user.id,
      target: pseudonym,
      details: { votes: "keep", withdrawn: 0 },
    });
    expect(entries.find(({ action, targetId }) => action === "run.started" && targetId === id)?.actor).toBe(pseudonym);
  });
});

describe("deleting oneself", () => {
  it("needs the password, or the address where there is none", async () => {
    const eve = await addPerson("annotator", "Eve");
    await expect(deleteOwnAccount(eve, { confirmation: "not it", votes: "keep" })).rejects.toMatchObject({
      code: "BAD_INPUT",
      fields: [{ field: "confirmation" }],
    });
    await expect(deleteOwnAccount(eve, { confirmation: eve.email, votes: "keep" })).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect((await selectUserById(db(), eve.user.id))?.deletedAt).toBeNull();
    const git = await addUser(db(), "annotator");
    const { email } = (await selectUserById(db(), git.user.id)) ?? { email: "" };
    await expect(deleteOwnAccount(git, { confirmation: "somebody@example.org", votes: "keep" })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    expect(await deleteOwnAccount(git, { confirmation: email.toUpperCase(), votes: "keep" })).toEqual({
      pseudonym: formerName(git.user.id),
    });
  });

  it("leaves one admin", async () => {
    await db().update(users).set({ role: "annotator" }).where(eq(users.role, "admin"));
    const last = await addPerson("admin", "Last");
    await expect(deleteOwnAccount(last, { confirmation: PASSWORD, votes: "keep" })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(deleteUser(last, { userId: last.user.id, votes: "keep" })).rejects.toMatchObject({ code: "CONFLICT" });
    const next = await addPerson("admin", "Next");
    await deleteUser(next, { userId: last.user.id, votes: "keep" });
    expect((await selectUserById(db(), last.user.id))?.role).toBe("annotator");
  });
});

describe("the own data", () => {
  it("are one JSON document with everything, and nothing of others", async () => {
    const eve = await addPerson("annotator", "Eve");
    const past = await createPast(eve);
    const ann = await addUser(db(), "annotator");
    const foreign = await vote(ann, past.projectId, "not hers");
    let text = "";
    for await (const chunk of exportOwnData(eve)) text += new TextDecoder().decode(chunk);
    const data = JSON.parse(text);
    expect(data.profile).toMatchObject({ email: eve.email, name: "Eve", role: "annotator" });
    expect(data.votes.map(({ id }: { id: string }) => id).sort()).toEqual([...past.frozen, ...past.loose].sort());
    expect(data.votes.find(({ id }: { id: string }) => id === past.loose[0])).toMatchObject({
      comment: "Evelyn again",
      project: "Test project",
      value: { kind: "pairwise", margin: -2 },
    });
    expect(data.drafts).toMatchObject([{ itemId: past.heldItemId, value: { text: "half a thought" } }]);
    expect(data.log).toMatchObject([{ action: "person.exported" }]);
    expect(text).not.toContain(foreign);
    expect(text).not.toContain("scrypt");
  });

  it("of somebody who never voted are a document, too", async () => {
    let text = "";
    for await (const chunk of exportOwnData(await addUser(db(), "annotator"))) text += new TextDecoder().decode(chunk);
    expect(JSON.parse(text).votes).toEqual([]);
  });
});
