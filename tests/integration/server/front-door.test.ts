/** Which demo accounts the sign-in page shows: only those that work right now. */
import { describe, expect, it, vi } from "vitest";
import { insertUser, updateUser } from "../../../db/queries/users";
import { projects } from "../../../db/schema";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "../../../domain/demo-accounts";
import { hashPassword } from "../../../server/password";
import { hasPublishedLeaderboard, listDemoAccounts } from "../../../server/services/front-door";
import { useDatabase } from "../../helpers/use-database";

// A hash takes a third of a second on an idle machine.
vi.setConfig({ testTimeout: 60_000 });

describe("the sign-in page", () => {
  const db = useDatabase();
  const shown = async () => (await listDemoAccounts(db())).map((account) => account.role);

  it("shows the demo accounts while they can be used with the demo password", async () => {
    const ids: string[] = [];
    for (const account of DEMO_ACCOUNTS) {
      const user = await insertUser(db(), { ...account, passwordHash: await hashPassword(DEMO_PASSWORD) });
      if (user !== null) ids.push(user.id);
    }
    const [annotator = "", researcher = ""] = ids;
    expect(await shown(), "without the demo project").toEqual([]);
    expect(await hasPublishedLeaderboard(db())).toBe(false);

    await db().insert(projects).values({ slug: "demo", name: "Demo", demo: true, published: true });
    expect(await hasPublishedLeaderboard(db())).toBe(true);
    expect(await shown()).toEqual(["annotator", "researcher", "admin"]);

    await updateUser(db(), annotator, { disabled: true });
    await updateUser(db(), researcher, { passwordHash: await hashPassword("a password of one's own") });
    expect(await shown()).toEqual(["admin"]);
  });
});
