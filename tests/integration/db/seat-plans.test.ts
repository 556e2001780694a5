/** What the database reads for one annotator does not grow with how many others are at work. */
import { sql } from "drizzle-orm";
import { beforeAll, expect, it } from "vitest";
import { fillPeople, fillQueue } from "../../../db/queries/many-votes";
import type { UserContext } from "../../../server/context";
import { submitJudgement } from "../../../server/services/judgement";
import { claimNextItem } from "../../../server/services/queue";
import { addProject } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
const ANNOTATORS = 300;
let projectId: string;
let annotators: UserContext[];

/** Entries read of the index of leased seats so far. */
async function readLeased(): Promise<number> {
  await db().execute(sql`select pg_stat_force_next_flush()`);
  const [row] = await db().execute<{ n: number }>(
    sql`select idx_tup_read::int as n from pg_stat_user_indexes where indexrelname = 'seats_leased'`,
  );
  return row?.n ?? Number.NaN;
}

beforeAll(async () => {
  projectId = await addProject(db());
  // Statistics are of a queue in which nobody holds a seat, as in a new project.
  await fillQueue(db(), { projectId, items: 2_000, overlap: 3 });
  const people = await fillPeople(db(), { projectId, annotators: ANNOTATORS });
  annotators = people.map(({ id }) => ({ db: db(), user: { id, role: "annotator", name: "Annotator", simulated: false } }));
});

it("a seat of one's own is not looked for among those that others hold", async () => {
  const before = await readLeased();
  for (const ctx of annotators) {
    const task = await claimNextItem(ctx, { projectId });
    expect(task).not.toBeNull();
    const value =
      task?.mode === "ranking"
        ? ({ kind: "ranking", ranks: task.completions.map((_, i) => i + 1) } as const)
        : ({ kind: "pairwise", margin: -1 } as const);
    // Every other one goes on holding theirs.
    if (annotators.indexOf(ctx) % 2 === 0)
      await submitJudgement(ctx, {
        itemId: task?.itemId ?? "",
        clientEventId: crypto.randomUUID(),
        value,
        reasons: [],
        comment: "",
        activeMs: 1000,
        idleMs: 0,
        untouched: false,
      });
  }
  expect((await readLeased()) - before).toBeLessThan(ANNOTATORS);
});
