/** A small project with a base model, reward model, dataset versions, votes and users, for tests about runs. */
import { eq, sql } from "drizzle-orm";
import type { Db } from "../../db/client";
import { type CheckpointRow, insertCheckpoint } from "../../db/queries/checkpoints";
import { insertRun, type RunRow } from "../../db/queries/runs";
import { registerWorker, type WorkerRow } from "../../db/queries/workers";
import {
  completions,
  datasetRows,
  datasetVersions,
  items,
  itemCompletions,
  judgements,
  models,
  projects,
  prompts,
  runs,
  users,
} from "../../db/schema";
import { runConfigSchema, type RunConfig } from "../../domain/run";
import type { UserContext } from "../../server/context";

function only<T>(rows: T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("Nothing was inserted");
  return row;
}

export type RunWorld = {
  ctx: UserContext;
  projectId: string;
  base: CheckpointRow;
  reward: CheckpointRow;
  sftDatasetId: string;
  preferenceDatasetId: string;
};

/** Everything a run of any kind can be started with; two votes of a person and one of a simulated annotator. */
export async function createRunWorld(db: Db): Promise<RunWorld> {
  const n = crypto.randomUUID().slice(0, 8);
  const user = only(
    await db
      .insert(users)
      .values({ email: `researcher-${n}@example.org`, name: "Robin", role: "researcher" })
      .returning(),
  );
  const bot = only(
    await db
      .insert(users)
      .values({ email: `bot-${n}@example.org`, name: "Bot", simulated: true })
      .returning(),
  );
  const project = only(
    await db
      .insert(projects)
      .values({ slug: `world-${n}`, name: `World ${n}` })
      .returning(),
  );
  const projectId = project.id;
  const base = await insertCheckpoint(db, { kind: "base", name: "tiny-base", path: "shipped:none", hash: "aa".repeat(32) });
  const reward = await insertCheckpoint(db, {
    projectId,
    kind: "reward",
    name: "tiny-reward",
    parentId: base.id,
    path: "none",
    hash: "bb".repeat(32),
  });
  const messages = (i: number) => [{ role: "user" as const, content: `Question ${i}` }];
  const promptRows = await db
    .insert(prompts)
    .values(
      [0, 1, 2, 3].map((i) => ({
        projectId,
        messages: messages(i),
        split: i < 3 ? ("train" as const) : ("test" as const),
        groupKey: `g${i}`,
        contentHash: `h${i}`,
      })),
    )
    .returning();
  const model = only(await db.insert(models).values({ projectId, name: "tiny-base", checkpointId: base.id }).returning());
  const judgementIds: string[] = [];
  for (const [i, prompt] of promptRows.slice(0, 3).entries()) {
    const pair = await db
      .insert(completions)
      .values(
        [0, 1].map((ordinal) => ({
          projectId,
          promptId: prompt.id,
          modelId: model.id,
          text: `answer ${ordinal}`,
          source: "checkpoint" as const,
          ordinal,
          contentHash: `c${ordinal}`,
        })),
      )
      .returning();
    const item = only(
      await db
        .insert(items)
        .values({ projectId, promptId: prompt.id, mode: "pairwise", contentHash: `i${i}` })
        .returning(),
    );
    await db.insert(itemCompletions).values(pair.map(({ id }, position) => ({ itemId: item.id, completionId: id, position })));
    const judgement = only(
      await db
        .insert(judgements)
        .values({
          projectId,
          itemId: item.id,
          seat: 1,
          annotatorId: i < 2 ? user.id : bot.id,
          clientEventId: crypto.randomUUID(),
          value: { kind: "pairwise", margin: 1 },
          shownOrder: pair.map(({ id }) => id),
          ranks: [1, 2],
          activeMs: 1000,
        })
        .returning(),
    );
    judgementIds.push(judgement.id);
  }
  const preference = only(
    await db
      .insert(datasetVersions)
      .values({ projectId, kind: "preference", version: 1, hash: "cc".repeat(32), counts: { train: 3, validation: 0, test: 0 } })
      .returning(),
  );
  await db.insert(datasetRows).values(
    promptRows.slice(0, 3).map(({ id, groupKey }, i) => ({
      datasetVersionId: preference.id,
      ordinal: i,
      split: "train" as const,
      groupKey,
      judgementId: judgementIds[i],
      promptId: id,
      content: { messages: messages(i), completions: ["a", "b"], ranks: [1, 2], margin: 1 },
    })),
  );
  const sft = only(
    await db
      .insert(datasetVersions)
      .values({ projectId, kind: "sft", version: 1, hash: "dd".repeat(32), counts: { train: 1, validation: 0, test: 0 } })
      .returning(),
  );
  await db.insert(datasetRows).values(
    promptRows.slice(0, 1).map(({ id, groupKey }) => ({
      datasetVersionId: sft.id,
      ordinal: 0,
      split: "train" as const,
      groupKey,
      promptId: id,
      content: { messages: messages(0), completion: "a" },
    })),
  );
  const session = { id: user.id, role: user.role, name: user.name, simulated: false };
  return { ctx: { db, user: session }, projectId, base, reward, sftDatasetId: sft.id, preferenceDatasetId: preference.id };
}

/** A queued run. */
export function addRun(world: RunWorld, change: { name?: string; config?: RunConfig } = {}): Promise<RunRow> {
  const config = change.config ?? runConfigSchema.parse({ kind: "sft" });
  return insertRun(world.ctx.db, {
    projectId: world.projectId,
    kind: config.kind,
    name: change.name ?? "a run",
    config,
    baseCheckpointId: world.base.id,
    datasetVersionId: config.kind === "sft" ? world.sftDatasetId : config.kind === "reward" ? world.preferenceDatasetId : null,
    rewardCheckpointId: config.kind === "ppo" ? world.reward.id : null,
    createdBy: world.ctx.user.id,
  });
}

export const addWorker = (db: Db, name: string): Promise<WorkerRow> => registerWorker(db, { name, engine: "test" });

/**
 * Takes a run away from whoever has it and for so long that no worker takes it back: the test is its worker
 * from here on, also beside a real one.
 */
export async function holdRun(db: Db, runId: string): Promise<RunRow> {
  return only(
    await db
      .update(runs)
      .set({
        state: "running",
        attempt: sql`${runs.attempt} + 100`,
        heartbeatAt: sql`now() + interval '1 day'`,
        startedAt: sql`now()`,
        finishedAt: null,
        requested: null,
      })
      .where(eq(runs.id, runId))
      .returning(),
  );
}
