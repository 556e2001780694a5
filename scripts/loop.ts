/**
 * `npm run loop`: one round from base model to promoted policy, headless, with simulated annotators, on a database and a
 * file store of its own: SFT on references, samples, votes, reward model, PPO, evaluation, leaderboard. Everything goes
 * through the same services, queue and worker as in the product. Ends with a table and, with --json, a report.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Command, Option } from "commander";
import { createDb, type Db } from "../db/client";
import { selectCheckpointsOfRun } from "../db/queries/checkpoints";
import { selectModels } from "../db/queries/completions";
import { selectMetricEvents } from "../db/queries/run-events";
import { selectRun } from "../db/queries/runs";
import { selectScores } from "../db/queries/scores";
import { selectPromptsOfSplit } from "../db/queries/training-data";
import { insertUser } from "../db/queries/users";
import { startEmbeddedPostgres } from "../db/embedded";
import { migrateDatabase } from "../db/migrate";
import { comparisonSchema } from "../domain/comparison";
import { ANNOTATOR_TASTES, type AnnotatorTaste, createSimulatedAnnotator } from "../domain/demo/annotator";
import { demoFacts } from "../domain/demo/prompts";
import type { Facts } from "../domain/demo/support";
import type { AnnotationTask } from "../domain/annotation/task";
import type { JudgementValue } from "../domain/judgement";
import { runConfigSchema } from "../domain/run";
import type { UserContext } from "../server/context";
import { compareModels } from "../server/services/comparison";
import { freezeDataset } from "../server/services/dataset";
import { type SeededDemo, seedDemo } from "../server/services/demo";
import { DEMO_PROJECT } from "../server/services/demo-texts";
import { submitJudgement } from "../server/services/judgement";
import { getLeaderboard } from "../server/services/leaderboard";
import { claimNextItem } from "../server/services/queue";
import { createRun } from "../server/services/run";
import { loadChosenEngine } from "./lib/chosen-engine";
import { createWorker, type Worker } from "../trainer/worker/worker";
import { fail } from "./lib/fail";
import { LOOP_METHODS, LOOP_SCALES, type LoopMethod, type LoopScale, policyConfig } from "./lib/loop-scales";
import { formatReport, type LoopCheckpoint, type LoopReport } from "./lib/loop-report";
import { createProgress } from "./lib/progress";
import { ROOT } from "./lib/root";

type Options = { scale: LoopScale; method: LoopMethod; annotators: AnnotatorTaste; seed: number; json?: string; keep?: string };

type World = {
  db: Db;
  worker: Worker;
  demo: SeededDemo;
  researcher: UserContext;
  options: Options;
  stages: { name: string; seconds: number }[];
};

const ANNOTATORS = 4;

async function stage<T>(world: Pick<World, "stages">, name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  world.stages.push({ name, seconds: Math.round((performance.now() - started) / 100) / 10 });
  return result;
}

/** Queues a run and works on it, with a bar; throws with the run's own reason when it does not succeed. */
async function perform(
  world: World,
  name: string,
  input: { config: Record<string, unknown>; base: string; reward?: string; dataset?: string },
  note?: (runId: string) => Promise<string>,
): Promise<string> {
  const { db, worker, demo, researcher } = world;
  const { id } = await createRun(researcher, {
    projectId: demo.projectId,
    name,
    config: runConfigSchema.parse({ seed: world.options.seed, ...input.config }),
    baseCheckpointId: input.base,
    rewardCheckpointId: input.reward ?? null,
    datasetVersionId: input.dataset ?? null,
  });
  const progress = createProgress(name);
  const timer = setInterval(() => void selectRun(db, id).then((run) => run && progress.update(run.step, run.totalSteps ?? 0)), 500);
  try {
    await worker.workOnce();
  } finally {
    clearInterval(timer);
  }
  const run = await selectRun(db, id);
  if (run?.state !== "succeeded") throw new Error(`${name}: ${run?.reason ?? "the run is gone"}`);
  progress.end((await note?.(id)) ?? "");
  return id;
}

async function resultOf(world: World, runId: string) {
  const final = (await selectCheckpointsOfRun(world.db, runId)).find((checkpoint) => checkpoint.final);
  if (!final) throw new Error(`Run ${runId} has no result`);
  return final;
}

/** The newest value of a metric of a run. */
async function lastMetric(world: World, runId: string, metric: string): Promise<number | null> {
  const events = await selectMetricEvents(world.db, runId);
  const values = events.flatMap(({ event }) => (event.kind === "metric" && metric in event.values ? [event.values[metric] ?? null] : []));
  return values.at(-1) ?? null;
}

const showMetric = (world: World, metric: string, name: string) => async (runId: string) =>
  `${name} ${(await lastMetric(world, runId, metric))?.toFixed(3) ?? "unknown"}`;

/**
 * The vote on a task. Ids and so the shown order differ between installations, so what decides is drawn from the texts
 * in an order of their own: the same seed gives the same votes everywhere. There is no side to be biased to, then.
 */
function vote(task: AnnotationTask, facts: Facts, options: Options): { value: JudgementValue; activeMs: number } {
  const order = [...task.completions.keys()].sort((a, b) =>
    (task.completions[a]?.text ?? "") < (task.completions[b]?.text ?? "") ? -1 : 1,
  );
  const texts = order.map((i) => task.completions[i]?.text ?? "");
  const seed = createHash("sha256")
    .update(JSON.stringify([options.seed, task.messages, texts]))
    .digest()
    .readUInt32LE();
  const judge = createSimulatedAnnotator({ taste: options.annotators, seed, sideBias: 0 });
  if (task.mode === "pairwise") {
    const { margin, activeMs } = judge.comparePair(texts[0] ?? "", texts[1] ?? "", facts);
    return { value: { kind: "pairwise", margin: order[0] === 0 ? margin : -margin }, activeMs };
  }
  const { ranks, activeMs } = judge.rankCompletions(texts, facts);
  return { value: { kind: "ranking", ranks: task.completions.map((_, i) => ranks[order.indexOf(i)] ?? 1) }, activeMs };
}

/** Simulated annotators take item after item from the queue until nothing is left, side by side as people would. */
async function annotate(world: World, name: string, prompts: number): Promise<void> {
  const { db, demo, options } = world;
  const facts = new Map(
    (await Promise.all((["train", "validation", "test"] as const).map((split) => selectPromptsOfSplit(db, demo.projectId, split))))
      .flat()
      .map((prompt) => [JSON.stringify(prompt.messages), demoFacts(prompt.meta)]),
  );
  const annotators = await Promise.all(
    Array.from({ length: ANNOTATORS }, async (_, i) => {
      const user = await insertUser(db, {
        email: `${name}-${options.annotators}-${i + 1}@simulated.invalid`,
        name: `Simulated ${options.annotators} ${i + 1}`,
        role: "annotator",
        passwordHash: null,
        simulated: true,
      });
      if (user === null) throw new Error("The simulated annotators are there already");
      const ctx: UserContext = { db, user: { id: user.id, role: user.role, name: user.name, simulated: true } };
      return ctx;
    }),
  );
  const progress = createProgress(name);
  let judged = 0;
  await Promise.all(
    annotators.map(async (ctx) => {
      for (
        let task = await claimNextItem(ctx, { projectId: demo.projectId });
        task !== null;
        task = await claimNextItem(ctx, { projectId: demo.projectId })
      ) {
        const record = facts.get(JSON.stringify(task.messages));
        if (!record) throw new Error("An item of the demo has no record of facts");
        const { value, activeMs } = vote(task, record, options);
        await submitJudgement(ctx, {
          itemId: task.itemId,
          clientEventId: crypto.randomUUID(),
          value,
          reasons: [],
          comment: "",
          activeMs,
          idleMs: 0,
          untouched: false,
        });
        progress.update(++judged, prompts);
      }
    }),
  );
  progress.end(`${judged} votes`);
}

async function runRound(world: World): Promise<LoopReport> {
  const { db, demo, researcher, options } = world;
  const scale = LOOP_SCALES[options.scale];
  const base = demo.checkpoints.find(({ name }) => name === "hone-llama-demo");
  if (!base) throw new Error("models/hone-llama-demo has no weights: run scripts/pretrain/pretrain.ts llama first");
  const goldTaste = options.annotators === "random" ? "faithful" : options.annotators;

  // 1. Supervised fine-tuning on the references.
  const sftData = await freezeDataset(researcher, { projectId: demo.projectId, kind: "sft" });
  const sft = await stage(world, "sft", async () =>
    resultOf(
      world,
      await perform(world, "SFT", { config: scale.sft, base: base.id, dataset: sftData.id }, (id) =>
        showMetric(world, "loss/validation", "validation loss")(id),
      ),
    ),
  );

  // 2. Samples of the SFT model become items; simulated annotators judge them.
  await stage(world, "sample", async () => {
    for (const split of ["train", "validation", "test"] as const) {
      await perform(world, `sample ${split}`, {
        config: { ...scale.sample, kind: "sample", split, maxPrompts: scale.judged[split] },
        base: sft.id,
      });
    }
  });
  await stage(world, "annotate", () =>
    annotate(
      world,
      "annotate",
      Object.values(scale.judged).reduce((sum, count) => sum + count, 0),
    ),
  );
  const votes = await freezeDataset(researcher, { projectId: demo.projectId, kind: "preference", filter: { includeSimulated: true } });

  // 3. The reward model, measured on votes that it never saw.
  const reward = await stage(world, "reward", async () =>
    resultOf(
      world,
      await perform(
        world,
        "reward",
        { config: scale.reward, base: sft.id, dataset: votes.id },
        showMetric(world, "accuracy/validation", "validation accuracy"),
      ),
    ),
  );
  const accuracy = (await selectScores(db, { checkpointId: reward.id })).find(({ metric }) => metric === "accuracy");

  // 4. The policy: against it, or by the votes themselves.
  const { method } = options;
  const policyRun = policyConfig(method, scale);
  let kl: number | null = null;
  const policy = await stage(world, method, async () => {
    const online = policyRun.kind === "ppo";
    const runId = await perform(
      world,
      method.toUpperCase(),
      { config: policyRun, base: sft.id, ...(online ? { reward: reward.id } : { dataset: votes.id }) },
      online ? showMetric(world, "objective/kl", "KL") : showMetric(world, "accuracy/validation", "validation accuracy"),
    );
    kl = await lastMetric(world, runId, "objective/kl");
    return resultOf(world, runId);
  });

  // 5. Held-out prompts: gold score, ROUGE, BLEU, length of each.
  const checkpoints: Record<string, LoopCheckpoint> = {};
  await stage(world, "evaluate", async () => {
    for (const [name, checkpointId] of [
      ["base", base.id],
      ["sft", sft.id],
      [method, policy.id],
    ] as const) {
      const runId = await perform(world, `evaluate ${name}`, {
        config: { ...scale.evaluation, kind: "evaluation", split: "test", goldTaste },
        base: checkpointId,
        reward: reward.id,
      });
      const scores = await selectScores(db, { runId });
      const score = (metric: string) => {
        const found = scores.find((row) => row.metric === metric);
        if (!found) throw new Error(`The evaluation of ${name} has no ${metric}`);
        return { mean: found.value, low: found.low ?? found.value, high: found.high ?? found.value, n: found.n };
      };
      checkpoints[name] = {
        gold: score("gold"),
        rougeL: score("rougeL").mean,
        bleu4: score("bleu4").mean,
        meanLength: score("length").mean,
        reward: score("reward").mean,
      };
    }
  });

  // 6. The three side by side, judged again: the ranking by votes.
  const ranking = await stage(world, "compare", async () => {
    const names = new Map([
      [base.id, "base"],
      [sft.id, "sft"],
      [policy.id, method],
    ]);
    const models = (await selectModels(db, demo.projectId)).flatMap(({ id, checkpointId }) =>
      checkpointId !== null && names.has(checkpointId) ? [id] : [],
    );
    await compareModels(
      researcher,
      comparisonSchema.parse({ projectId: demo.projectId, modelIds: models, maxItems: scale.prompts.test, seed: options.seed }),
    );
    await annotate(world, "compare", scale.prompts.test);
    const board = await getLeaderboard(researcher, { slug: DEMO_PROJECT.slug, votes: "simulated", weights: "served" });
    return board.ranking.flatMap(({ checkpointId, score, low, high }) =>
      score === undefined ? [] : [{ name: names.get(checkpointId ?? "") ?? "?", score, low: low ?? score, high: high ?? score }],
    );
  });
  const decided = (await selectCheckpointsOfRun(db, policy.runId ?? "")).find(({ id }) => id === policy.id);
  return {
    scale: options.scale,
    method,
    seed: options.seed,
    annotators: options.annotators,
    engine: (await loadChosenEngine()).description,
    datasetHash: votes.hash,
    stages: world.stages,
    rewardModel: { accuracy: accuracy?.value ?? null, low: accuracy?.low ?? null, high: accuracy?.high ?? null, n: accuracy?.n ?? 0 },
    checkpoints,
    ranking,
    kl,
    promoted: decided?.promoted ?? false,
    reason: decided?.reason ?? "No decision was recorded",
  };
}

async function loop(options: Options): Promise<void> {
  const started = performance.now();
  const folder = options.keep ? path.resolve(options.keep) : mkdtempSync(path.join(os.tmpdir(), "hone-loop-"));
  const server = await startEmbeddedPostgres(folder, { durable: options.keep !== undefined });
  // The services read the place of the file store from the environment.
  Object.assign(process.env, {
    DATABASE_URL: server.url,
    HONE_DATA: folder,
    NEXTAUTH_SECRET: process.env.NEXTAUTH_SECRET ?? crypto.randomUUID(),
  });
  const stop = () => void server.stop().then(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const { db, close } = createDb(server.url, { max: 4 });
  try {
    await migrateDatabase(server.url);
    const engine = await loadChosenEngine();
    console.error(
      `Hone loop: scale ${options.scale}, ${options.annotators} annotators (simulated), seed ${options.seed}; ${engine.description}`,
    );
    const demo = await seedDemo(db, {
      modelsFolder: path.join(ROOT, "models"),
      seed: options.seed,
      prompts: LOOP_SCALES[options.scale].prompts,
      items: false,
    });
    const worker = await createWorker({
      db,
      engine,
      storeFolder: path.join(folder, "store"),
      modelsFolder: path.join(ROOT, "models"),
      name: "loop",
    });
    const report = await runRound({ db, worker, demo, researcher: { db, user: demo.users.researcher }, options, stages: [] });
    console.log(formatReport(report, (performance.now() - started) / 1000));
    if (options.json) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await close();
    await server.stop();
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
  }
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) fail(`--seed: expected a whole number, not "${text}"`, 2);
  return value;
};

const program = new Command("npm run loop --")
  .description("One round from base model to promoted policy, headless, with simulated annotators.")
  .addOption(new Option("--scale <scale>", "how much of it").choices(["smoke", "demo", "full"]).default("demo"))
  .addOption(new Option("--method <method>", "what trains the policy").choices([...LOOP_METHODS]).default("ppo"))
  .addOption(new Option("--annotators <taste>", "what the simulated annotators like").choices([...ANNOTATOR_TASTES]).default("faithful"))
  .option("--seed <n>", "seed of prompts, sampling, votes and training", whole, 1)
  .option("--json <file>", "write the report to a file")
  .option("--keep <folder>", "keep database and checkpoints there, to be opened with HONE_DATA=<folder> npm start")
  .action((options: Options) => loop(options));

program.parseAsync().then(
  () => process.exit(0),
  (error: unknown) => fail(error),
);
