/** Finished evaluation runs with answers to the same prompts, and a PPO run whose checkpoint has a gold score. */
import type { Db } from "../../db/client";
import { insertCheckpoint } from "../../db/queries/checkpoints";
import { upsertEvaluationRows } from "../../db/queries/evaluation-rows";
import { appendRunEvents } from "../../db/queries/run-events";
import { transitionRun } from "../../db/queries/runs";
import { upsertScores } from "../../db/queries/scores";
import { completions, models, prompts } from "../../db/schema";
import { estimateMetrics, type EvaluationRow, measureEvaluation } from "../../domain/evaluation";
import { measureHelm } from "../../domain/helm";
import { PERTURBATIONS, type Perturbation } from "../../domain/metrics/perturbations";
import { runConfigSchema } from "../../domain/run";
import { addRun, holdRun, type RunWorld } from "./run-world";

const PROMPTS = 24;

/** Two evaluations; the second one's answers are better. Returns their ids, and that of the PPO run. */
export async function addEvaluatedRuns(db: Db, world: RunWorld): Promise<{ weak: string; strong: string; ppo: string; policyId: string }> {
  const { projectId } = world;
  const reference = (i: number) => `Customer ${i} says that the kettle leaks since Monday and wants a refund`;
  const promptRows = await db
    .insert(prompts)
    .values(
      Array.from({ length: PROMPTS }, (_, i) => ({
        projectId,
        messages: [{ role: "user" as const, content: `Summarise call ${i}` }],
        reference: reference(i),
        split: "test" as const,
        groupKey: `e${i}`,
        contentHash: `e${String(i).padStart(3, "0")}`,
      })),
    )
    .returning();
  const ppo = await addRun(world, { name: "PPO", config: runConfigSchema.parse({ kind: "ppo", iterations: 8 }) });
  const ppoHeld = await holdRun(db, ppo.id);
  const policy = await insertCheckpoint(db, {
    projectId,
    runId: ppo.id,
    parentId: world.base.id,
    kind: "adapter",
    step: 8,
    path: "none",
    hash: "ee".repeat(32),
    final: true,
    name: "tiny policy",
  });
  const early = await insertCheckpoint(db, {
    projectId,
    runId: ppo.id,
    parentId: world.base.id,
    kind: "adapter",
    step: 4,
    path: "none",
    hash: "ef".repeat(32),
    name: "tiny policy, step 4",
  });
  for (let step = 1; step <= 8; step++) {
    await appendRunEvents(db, {
      runId: ppo.id,
      attempt: ppoHeld.attempt,
      step,
      totalSteps: 8,
      events: [{ kind: "metric", step, values: { "objective/kl": 0.06 * step * step, "objective/scores": Math.log(1 + step) } }],
    });
  }
  await transitionRun(db, { runId: ppo.id, attempt: ppoHeld.attempt, to: "succeeded", reason: "Finished" });

  const evaluate = async (name: string, checkpointId: string, answer: (i: number) => string): Promise<string> => {
    const config = runConfigSchema.parse({ kind: "evaluation", goldTaste: "faithful", holistic: true });
    const run = await addRun({ ...world, base: { ...world.base, id: checkpointId } }, { name, config });
    const held = await holdRun(db, run.id);
    const [model] = await db
      .insert(models)
      .values({ projectId, name: `${name} model`, checkpointId })
      .returning();
    if (model === undefined) throw new Error("The model was not inserted");
    const stored = await db
      .insert(completions)
      .values(
        promptRows.map(({ id }, i) => ({
          projectId,
          promptId: id,
          modelId: model.id,
          text: answer(i),
          source: "checkpoint" as const,
          contentHash: `${name}${i}`,
          runId: run.id,
        })),
      )
      .returning();
    const rows = promptRows.map(
      ({ reference: wanted }, i): EvaluationRow => ({
        text: answer(i),
        reference: wanted,
        values: { reward: answer(i).length / 40 + (i % 3), gold: answer(i).length / 100, referenceNats: 20 + i, referenceTokens: 14 },
      }),
    );
    await upsertEvaluationRows(
      db,
      rows.map(({ values }, i) => ({ runId: run.id, promptId: promptRows[i]?.id ?? "", completionId: stored[i]?.id ?? "", values })),
    );
    const perturbed = Object.fromEntries(
      PERTURBATIONS.map((perturbation) => [
        perturbation,
        rows.map(({ reference: wanted }, i) => (i % 2 === 0 ? { text: "the kettle", reference: wanted } : null)),
      ]),
    ) as Record<Perturbation, ({ text: string; reference: string | null } | null)[]>;
    const guesses = rows.map((_, i) => ({
      confidences: Array.from({ length: 14 }, (_x, t) => ((i * 7 + t * 3) % 20) / 20),
      right: Array.from({ length: 14 }, (_x, t) => (i * 7 + t * 3) % 20 > 9),
    }));
    const scores = [
      ...estimateMetrics(measureEvaluation(rows, "taste:faithful"), { seed: 1 }),
      ...measureHelm({ answers: rows, perturbed, guesses, seconds: 12 }, 1),
    ];
    await upsertScores(
      db,
      scores.map((score) => ({ ...score, projectId, checkpointId, runId: run.id })),
    );
    await transitionRun(db, { runId: run.id, attempt: held.attempt, to: "succeeded", reason: "Finished" });
    return run.id;
  };
  const weak = await evaluate("Evaluation of step 4", early.id, (i) =>
    i % 2 === 0 ? "The kettle leaks" : `Customer ${i} is not happy with his kettle`,
  );
  const strong = await evaluate(
    "Evaluation of the policy",
    policy.id,
    (i) => `Customer ${i} says the kettle leaks and wants a refund${i % 3 === 0 ? " since Monday" : ""}`,
  );
  return { weak, strong, ppo: ppo.id, policyId: policy.id };
}
