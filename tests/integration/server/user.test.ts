/** Admin's changes to accounts, against a real database. */
import { describe, expect, it, vi } from "vitest";
import { insertUser, selectUserById, type NewUser } from "../../../db/queries/users";
import type { UserContext } from "../../../server/context";
import { verifyCredentials } from "../../../server/services/sign-in";
import {
  changeOwnPassword,
  changeUserRole,
  createUser,
  listUsers,
  resetUserPassword,
  setUserDisabled,
} from "../../../server/services/user";
import { useDatabase } from "../../helpers/use-database";

// A hash takes a third of a second on an idle machine.
vi.setConfig({ testTimeout: 60_000 });

const db = useDatabase();

async function addAdmin(email: string, change: Partial<NewUser> = {}): Promise<UserContext> {
  const user = await insertUser(db(), { email, name: email, role: "admin", ...change });
  if (user === null) throw new Error(`${email} is taken`);
  return { db: db(), user: { id: user.id, role: user.role ?? "admin", name: user.name, simulated: false } };
}

describe("accounts", () => {
  it("always keep one admin who can sign in, also when two admins demote each other at once", async () => {
    const ann = await addAdmin("ann@example.org");
    await addAdmin("off@example.org", { disabled: true });
    await addAdmin("bot@example.org", { simulated: true });
    await expect(changeUserRole(ann, { userId: ann.user.id, role: "researcher" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await expect(setUserDisabled(ann, { userId: ann.user.id, disabled: true })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    const bea = await addAdmin("bea@example.org");
    const both = await Promise.allSettled([
      changeUserRole(ann, { userId: bea.user.id, role: "annotator" }),
      setUserDisabled(bea, { userId: ann.user.id, disabled: true }),
    ]);
    expect(both.filter((r) => r.status === "fulfilled")).toHaveLength(1);
  });

  it("are made with a password that works and is stored only as a hash", async () => {
    const admin = await addAdmin("cy@example.org");
    const made = await createUser(admin, { email: "dee@example.org", name: "Dee", role: "researcher" });
    const credentials = { email: "dee@example.org", password: made.password, address: "10.0.0.1" };
    expect(await verifyCredentials(db(), credentials)).toMatchObject({ id: made.id, role: "researcher" });
    expect((await selectUserById(db(), made.id))?.passwordHash).not.toContain(made.password);
    await expect(createUser(admin, { email: "dee@example.org", name: "D", role: "annotator" })).rejects.toMatchObject({
      code: "CONFLICT",
    });

    const reset = await resetUserPassword(admin, { userId: made.id });
    expect(await verifyCredentials(db(), credentials)).toBeNull();
    expect(await verifyCredentials(db(), { ...credentials, password: reset.password })).not.toBeNull();

    const dee: UserContext = { db: db(), user: { id: made.id, role: "researcher", name: "Dee", simulated: false } };
    await expect(changeOwnPassword(dee, { current: "wrong", password: "a new one of mine" })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    await changeOwnPassword(dee, { current: reset.password, password: "a new one of mine" });
    expect(await verifyCredentials(db(), { ...credentials, password: "a new one of mine" })).not.toBeNull();
  });

  it("are listed without their hashes, simulated annotators last", async () => {
    const admin = await addAdmin("eve@example.org");
    const rows = await listUsers(admin);
    expect(JSON.stringify(rows)).not.toContain("scrypt$");
    expect(rows.at(-1)).toMatchObject({ email: "bot@example.org", simulated: true });
    expect(rows.find((row) => row.email === "dee@example.org")).toMatchObject({ hasPassword: true, providers: [] });
  });

  it("of simulated annotators and of nobody cannot be changed", async () => {
    const admin = await addAdmin("fay@example.org");
    const bot = (await listUsers(admin)).find((row) => row.simulated);
    if (bot === undefined) throw new Error("the simulated annotator is missing");
    await expect(resetUserPassword(admin, { userId: bot.id })).rejects.toMatchObject({ code: "BAD_INPUT" });
    await expect(changeUserRole(admin, { userId: "0190a0a0-0000-7000-8000-000000000001", role: "admin" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
