/** Seeding the demo project: once, whole, and the same for the same seed. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { count, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkpoints, completions, items, judgements, prompts, seats, users } from "../../../db/schema";
import { DEMO_PASSWORD } from "../../../domain/demo-accounts";
import { verifyPassword } from "../../../server/password";
import { seedDemo } from "../../../server/services/demo";
import { createTestDb, type TestDb } from "../../helpers/database";

let database: TestDb;
let modelsFolder: string;
beforeAll(async () => {
  database = await createTestDb();
  modelsFolder = await mkdtemp(path.join(tmpdir(), "hone-models-"));
  for (const name of ["whole", "tokenizer-only"]) await mkdir(path.join(modelsFolder, name));
  await writeFile(path.join(modelsFolder, "whole", "config.json"), "{}");
  await writeFile(path.join(modelsFolder, "whole", "model.safetensors"), "abc");
});
afterAll(async () => {
  await database.close();
  await rm(modelsFolder, { recursive: true });
});

it("makes people, prompts, items with seats and the shipped base model, and a second time nothing", async () => {
  const { db } = database;
  const options = { modelsFolder, prompts: { train: 30, validation: 5, test: 5 } };
  const first = await seedDemo(db, options);
  const countAll = async () => {
    const counts: Record<string, number> = {};
    for (const [name, table] of Object.entries({ users, prompts, completions, items, seats, checkpoints }))
      counts[name] = (await db.select({ n: count() }).from(table))[0]?.n ?? -1;
    return counts;
  };
  const counts = await countAll();
  expect(counts).toMatchObject({ users: 3, prompts: 40, checkpoints: 1 });
  expect(counts.items).toBeGreaterThan(30);
  expect(counts.seats).toBeGreaterThan(counts.items ?? 0);
  const modes = await db.select({ mode: items.mode, n: count() }).from(items).groupBy(items.mode);
  expect(new Set(modes.map(({ mode }) => mode))).toEqual(new Set(["pairwise", "ranking"]));
  // The well-known digest of "abc" (FIPS 180-2, appendix B.1).
  expect((await db.select().from(checkpoints))[0]).toMatchObject({
    name: "whole",
    path: "shipped:whole",
    kind: "base",
    hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  const [researcher] = await db.select().from(users).where(eq(users.id, first.users.researcher.id));
  expect(await verifyPassword(DEMO_PASSWORD, researcher?.passwordHash ?? "")).toBe(true);
  expect(await db.select().from(judgements)).toHaveLength(0);

  const again = await seedDemo(db, options);
  expect(again).toEqual({ ...first, created: false });
  expect(await countAll()).toEqual(counts);
});
