/** Members and invitations, against a real database. */
import { eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { countOwners, selectMember, upsertMember } from "../../../db/queries/members";
import { selectClaimRules } from "../../../db/queries/queue";
import { invitations, users } from "../../../db/schema";
import { requireProject } from "../../../server/access";
import type { UserContext } from "../../../server/context";
import { acceptInvitation, createInvitation, previewInvitation, revokeInvitation } from "../../../server/services/invitation";
import { changeMember, listMembers, removeMember } from "../../../server/services/member";
import { createProject, changeProject } from "../../../server/services/project";
import { claimNextItem } from "../../../server/services/queue";
import { isSignUpOpen, resolveProviderUser, signUp } from "../../../server/services/sign-in";
import { addItem, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let owner: UserContext;
let projectId: string;

beforeEach(async () => {
  owner = await addUser(db(), "researcher");
  ({ id: projectId } = await createProject(owner, { name: "Secret", description: "", overlap: 1, reasons: [] }));
});

const invite = (change: Partial<Parameters<typeof createInvitation>[1]> = {}) =>
  createInvitation(owner, { projectId, role: "annotator", email: null, maxUses: 1, days: 7, ...change });
const roleOf = async (ctx: UserContext) => (await selectMember(db(), { projectId, userId: ctx.user.id }))?.role ?? null;

describe("a new project", () => {
  it("is for members only, and its maker owns it", async () => {
    expect((await requireProject(owner, { project: projectId }, "owner")).role).toBe("owner");
    await expect(requireProject(await addUser(db(), "researcher"), { project: projectId }, "annotator")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await changeProject(owner, { projectId, access: "open" });
    expect((await requireProject(await addUser(db(), "researcher"), { project: projectId }, "annotator")).role).toBe("researcher");
  });
});

describe("members", () => {
  it("keep one owner, also when two take each other's role at once", async () => {
    await expect(changeMember(owner, { projectId, userId: owner.user.id, role: "reviewer" })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(removeMember(owner, { projectId, userId: owner.user.id })).rejects.toMatchObject({ code: "CONFLICT" });
    const other = await addUser(db(), "annotator");
    await upsertMember(db(), { projectId, userId: other.user.id, role: "owner" });
    const both = await Promise.allSettled([
      changeMember(owner, { projectId, userId: other.user.id, role: "annotator" }),
      removeMember(other, { projectId, userId: owner.user.id }),
    ]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await countOwners(db(), projectId)).toBe(1);
  });

  it("removed, they lose the project at once and give back what they held", async () => {
    await addItem(db(), projectId, ["one", "two"]);
    const ann = await addUser(db(), "annotator");
    await upsertMember(db(), { projectId, userId: ann.user.id, role: "annotator" });
    expect(await claimNextItem(ann, { projectId })).not.toBeNull();
    await removeMember(owner, { projectId, userId: ann.user.id });
    expect((await selectClaimRules(db(), { projectId, annotatorId: ann.user.id }))?.held).toEqual([]);
    await expect(claimNextItem(ann, { projectId })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const bea = await addUser(db(), "annotator");
    await upsertMember(db(), { projectId, userId: bea.user.id, role: "annotator" });
    expect(await claimNextItem(bea, { projectId })).not.toBeNull();
  });
});

describe("an invitation", () => {
  it("makes whoever has the link a member, as often as it says; the token is stored nowhere", async () => {
    const { id, token } = await invite({ role: "researcher", maxUses: 2 });
    expect(JSON.stringify(await db().select().from(invitations).where(eq(invitations.id, id)))).not.toContain(token);
    expect(JSON.stringify(await listMembers(owner, { projectId }))).not.toContain(token);
    expect(await previewInvitation(db(), token)).toEqual({ state: "open", project: "Secret", role: "researcher", forOneAddress: false });
    const [ann, bea, cay] = [await addUser(db(), "annotator"), await addUser(db(), "annotator"), await addUser(db(), "annotator")];
    expect(await acceptInvitation(ann, { token })).toMatchObject({ projectId, role: "researcher" });
    // Again, it changes nothing and is not used up.
    await acceptInvitation(ann, { token });
    await acceptInvitation(bea, { token });
    await expect(acceptInvitation(cay, { token })).rejects.toMatchObject({
      code: "GONE",
      message: expect.stringContaining("as often as it may be"),
    });
    expect([await roleOf(ann), await roleOf(bea), await roleOf(cay)]).toEqual(["researcher", "researcher", null]);
    expect((await previewInvitation(db(), token))?.state).toBe("used_up");
  });

  it("used by many at once, lets in no more than it says", async () => {
    const { token } = await invite({ maxUses: 2 });
    const people = await Promise.all(Array.from({ length: 6 }, () => addUser(db(), "annotator")));
    const answers = await Promise.allSettled(people.map((ctx) => acceptInvitation(ctx, { token })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
  });

  it("raises a role and never lowers one", async () => {
    const ann = await addUser(db(), "annotator");
    await upsertMember(db(), { projectId, userId: ann.user.id, role: "reviewer" });
    expect((await acceptInvitation(ann, { token: (await invite()).token })).role).toBe("reviewer");
    expect((await acceptInvitation(ann, { token: (await invite({ role: "owner" })).token })).role).toBe("owner");
    expect(await roleOf(ann)).toBe("owner");
  });

  it("says why it cannot be used: revoked, expired, for somebody else, none", async () => {
    const ann = await addUser(db(), "annotator");
    const revoked = await invite();
    await revokeInvitation(owner, { invitationId: revoked.id });
    await expect(acceptInvitation(ann, { token: revoked.token })).rejects.toMatchObject({
      code: "GONE",
      message: expect.stringContaining("taken back"),
    });
    await expect(revokeInvitation(owner, { invitationId: revoked.id })).rejects.toMatchObject({ code: "CONFLICT" });
    const expired = await invite();
    await db()
      .update(invitations)
      .set({ expiresAt: new Date(0) })
      .where(eq(invitations.id, expired.id));
    await expect(acceptInvitation(ann, { token: expired.token })).rejects.toMatchObject({
      code: "GONE",
      message: expect.stringContaining("expired"),
    });
    const others = await invite({ email: "other@example.org" });
    await expect(acceptInvitation(ann, { token: others.token })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(acceptInvitation(ann, { token: "x".repeat(43) })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await roleOf(ann)).toBeNull();
  });

  it("lets its holder sign up where that is closed, with the address it is for", async () => {
    const { token } = await invite({ email: "new@example.org" });
    const person = { name: "New", password: "long enough for this", address: "10.1.1.1" };
    expect([
      await isSignUpOpen(db(), false),
      await isSignUpOpen(db(), false, token),
      await isSignUpOpen(db(), false, "x".repeat(43)),
    ]).toEqual([false, true, false]);
    await expect(signUp(db(), { ...person, email: "new@example.org" }, false)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(signUp(db(), { ...person, email: "wrong@example.org", invitation: token }, false)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const made = await signUp(db(), { ...person, email: "new@example.org", invitation: token }, false);
    expect(made.role).toBe("annotator");
    const ctx: UserContext = { db: db(), user: { id: made.id, role: made.role, name: "New", simulated: false } };
    expect(await acceptInvitation(ctx, { token })).toMatchObject({ projectId });
    await expect(signUp(db(), { ...person, email: "next@example.org", invitation: token }, false)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("lets in through a provider, too", async () => {
    const { token } = await invite();
    const profile = {
      provider: "github",
      providerAccountId: crypto.randomUUID(),
      email: `${crypto.randomUUID()}@example.org`,
      emailVerified: true,
      name: "Git",
    };
    await expect(resolveProviderUser(db(), profile, false)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const identity = await resolveProviderUser(db(), profile, false, token);
    expect(await db().select({ role: users.role }).from(users).where(eq(users.id, identity.id))).toEqual([{ role: "annotator" }]);
  });
});
