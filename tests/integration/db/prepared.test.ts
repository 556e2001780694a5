import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Db } from "../../../db/client";
import { prepared } from "../../../db/prepared";
import { projects } from "../../../db/schema";
import { createTestDb, type TestDb } from "../../helpers/database";

let database: TestDb;
beforeAll(async () => {
  database = await createTestDb();
});
afterAll(() => database.close());

const bySlug = prepared((db) =>
  db
    .select({ name: projects.name, createdAt: projects.createdAt })
    .from(projects)
    .where(eq(projects.slug, sql.placeholder("slug"))),
);
const rename = prepared((db) =>
  db
    .update(projects)
    .set({ name: sql`${sql.placeholder("name")}` })
    .where(eq(projects.slug, sql.placeholder("slug"))),
);

it("runs on the handle that asks: in its transaction, and apart from it elsewhere", async () => {
  const { db } = database;
  await db.insert(projects).values({ slug: "one", name: "before" });
  const nameOn = async (handle: Db) => (await bySlug(handle, { slug: "one" }))[0]?.name;
  expect(await nameOn(db)).toBe("before");
  await expect(
    db.transaction(async (tx) => {
      await rename(tx, { slug: "one", name: "within" });
      expect(await nameOn(tx)).toBe("within");
      expect(await nameOn(db)).toBe("before");
      throw new Error("back");
    }),
  ).rejects.toThrow("back");
  expect(await nameOn(db)).toBe("before");
});

it("gives columns as they are declared, and names a value that is missing", async () => {
  const [row] = await bySlug(database.db, { slug: "one" });
  expect(row?.createdAt).toBeInstanceOf(Date);
  await expect(bySlug(database.db, {})).rejects.toThrow("slug");
});
