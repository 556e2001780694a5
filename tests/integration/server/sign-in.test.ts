/** Signing in and up against a real database: limits, standing, first admin, provider accounts. */
import { describe, expect, it, vi } from "vitest";
import { countAction, insertUser, selectUserByEmail, type UserRow, updateUser } from "../../../db/queries/users";
import { rateLimits } from "../../../db/schema";
import { hashPassword } from "../../../server/password";
import {
  MAX_FAILURES_PER_ADDRESS,
  MAX_FAILURES_PER_EMAIL,
  resolveProviderUser,
  SIGN_IN_WINDOW_SECONDS,
  selectSessionUser,
  signUp,
  verifyCredentials,
} from "../../../server/services/sign-in";
import { useDatabase } from "../../helpers/use-database";

// A hash takes a third of a second on an idle machine.
vi.setConfig({ testTimeout: 60_000 });

const PASSWORD = "correct horse battery";

describe("an installation without people", () => {
  const db = useDatabase();

  it("makes the first of many at once the admin and refuses the others where sign-up is closed", async () => {
    const attempts = await Promise.allSettled(
      ["a", "b", "c"].map((name) => signUp(db(), { email: `${name}@example.org`, name, password: PASSWORD, address: "10.0.0.1" }, false)),
    );
    const roles = attempts.flatMap((a) => (a.status === "fulfilled" ? [a.value.role] : []));
    expect(roles).toEqual(["admin"]);
    for (const a of attempts) if (a.status === "rejected") expect(a.reason).toMatchObject({ code: "FORBIDDEN" });
  });

  it("lets others in as annotators where sign-up is open, once per address", async () => {
    const person = { email: "d@example.org", name: "d", password: PASSWORD, address: "10.0.0.2" };
    expect((await signUp(db(), person, true)).role).toBe("annotator");
    await expect(signUp(db(), person, true)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("limits sign-ups from one network address", async () => {
    const attempt = (i: number) => signUp(db(), { email: `e${i}@example.org`, name: "e", password: "x", address: "10.0.0.3" }, false);
    for (let i = 0; i < 10; i++) await expect(attempt(i)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(attempt(10)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });
});

describe("passwords", () => {
  const db = useDatabase();
  const signIn = (email: string, password: string, address = "10.1.0.1") => verifyCredentials(db(), { email, password, address });

  async function addUser(email: string, change: Partial<UserRow> = {}): Promise<UserRow> {
    const user = await insertUser(db(), { email, name: email, passwordHash: await hashPassword(PASSWORD), ...change });
    if (user === null) throw new Error(`${email} is taken`);
    return user;
  }

  it("lets the right one in, whatever the case of the address", async () => {
    const user = await addUser("ann@example.org", { role: "researcher" });
    expect(await signIn(" Ann@Example.org ", PASSWORD)).toMatchObject({ id: user.id, role: "researcher" });
    expect(await signIn("ann@example.org", "correct horse")).toBeNull();
  });

  it("refuses unknown, disabled and simulated people and those without a password", async () => {
    await addUser("off@example.org", { disabled: true });
    await addUser("bot@example.org", { simulated: true });
    await addUser("oauth@example.org", { passwordHash: null });
    for (const email of ["nobody@example.org", "off@example.org", "bot@example.org", "oauth@example.org", "not-mail"]) {
      expect(await signIn(email, PASSWORD), email).toBeNull();
    }
  });

  it("stops guessing at one account, even from many addresses at once, and a success starts anew", async () => {
    await addUser("bea@example.org");
    const fail = () => countAction(db(), "sign-in:email:bea@example.org", SIGN_IN_WINDOW_SECONDS);
    for (let i = 1; i < MAX_FAILURES_PER_EMAIL; i++) await fail();
    expect(await signIn("bea@example.org", PASSWORD)).not.toBeNull();
    for (let i = 2; i < MAX_FAILURES_PER_EMAIL; i++) await fail();
    const guesses = await Promise.allSettled([1, 2, 3, 4].map((i) => signIn("bea@example.org", "wrong", `10.3.0.${i}`)));
    expect(guesses.filter((g) => g.status === "rejected")).toHaveLength(2);
    await expect(signIn("bea@example.org", PASSWORD)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  it("stops one address that guesses at many accounts", async () => {
    const guess = (i: number) => signIn(`guess${i}@example.org`, "wrong", "10.4.0.1");
    const key = "sign-in:address:10.4.0.1";
    // Counted without hashing: fifty guesses would take ten seconds.
    for (let i = 1; i < MAX_FAILURES_PER_ADDRESS; i++) await countAction(db(), key, SIGN_IN_WINDOW_SECONDS);
    expect(await guess(1)).toBeNull();
    await expect(guess(2)).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect(await signIn("nobody-else@example.org", "wrong", "10.4.0.2")).toBeNull();
  });

  it("forgets old failures, and does not keep them for ever", async () => {
    const old = new Date(Date.now() - 2 * 24 * 3600 * 1000);
    await db()
      .insert(rateLimits)
      .values([
        { key: "sign-in:address:10.6.0.1", count: MAX_FAILURES_PER_ADDRESS, windowStartedAt: old },
        { key: "sign-in:email:made-up@example.org", count: 3, windowStartedAt: old },
      ]);
    expect(await signIn("nobody@example.org", "wrong", "10.6.0.1")).toBeNull();
    const left = await db().select({ key: rateLimits.key }).from(rateLimits);
    expect(left.map((row) => row.key)).toContain("sign-in:address:10.6.0.1");
    expect(left.map((row) => row.key)).not.toContain("sign-in:email:made-up@example.org");
  });

  it("ends sessions when the role, the password or the standing changes", async () => {
    const user = await addUser("cy@example.org", { role: "admin" });
    const identity = await signIn("cy@example.org", PASSWORD);
    if (identity === null) throw new Error("sign-in failed");
    expect(await selectSessionUser(db(), identity)).toMatchObject({ role: "admin" });
    await updateUser(db(), user.id, { role: "annotator" });
    expect(await selectSessionUser(db(), identity)).toMatchObject({ role: "annotator" });
    await updateUser(db(), user.id, { disabled: true });
    expect(await selectSessionUser(db(), identity)).toBeNull();
    await updateUser(db(), user.id, { disabled: false, passwordHash: await hashPassword("another password") });
    expect(await selectSessionUser(db(), identity)).toBeNull();
  });
});

describe("provider accounts", () => {
  const db = useDatabase();
  const profile = {
    provider: "github",
    providerAccountId: "7",
    email: "dee@example.org",
    emailVerified: true,
    name: "Dee",
  };

  it("follow the sign-up policy, then the link", async () => {
    expect((await resolveProviderUser(db(), profile, false)).role).toBe("admin");
    await expect(resolveProviderUser(db(), { ...profile, providerAccountId: "8", email: "eve@example.org" }, false)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const again = await resolveProviderUser(db(), { ...profile, email: "renamed@example.org" }, false);
    expect(again.name).toBe("Dee");
  });

  it("are not joined by an address that nobody confirmed", async () => {
    const stranger = { ...profile, provider: "oidc", providerAccountId: "1", emailVerified: false };
    await expect(resolveProviderUser(db(), stranger, true)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("take an account over from whoever set a password without owning the address", async () => {
    await signUp(db(), { email: "fay@example.org", name: "Not Fay", password: PASSWORD, address: "10.5.0.1" }, true);
    const squatter = await verifyCredentials(db(), { email: "fay@example.org", password: PASSWORD, address: "10.5.0.1" });
    if (squatter === null) throw new Error("sign-in failed");
    const owner = await resolveProviderUser(db(), { ...profile, providerAccountId: "9", email: "Fay@example.org", name: "Fay" }, false);
    expect(owner.id).toBe(squatter.id);
    expect(await selectSessionUser(db(), squatter)).toBeNull();
    expect((await selectUserByEmail(db(), "fay@example.org"))?.passwordHash).toBeNull();
  });

  it("of disabled people stay out", async () => {
    const user = await selectUserByEmail(db(), "fay@example.org");
    if (user === null) throw new Error("fay is missing");
    await updateUser(db(), user.id, { disabled: true });
    await expect(resolveProviderUser(db(), { ...profile, providerAccountId: "9" }, false)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });
});
