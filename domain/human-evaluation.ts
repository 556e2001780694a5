/** A human evaluation: what a researcher asks people to rate, side by side and blind. */
import { z } from "zod";
import { MAX_K } from "./judgement";
import { splitSchema } from "./prompt";
import { createRandom } from "./random";
import { MAX_SCALES, scaleSchema } from "./scale";

export const MAX_EVALUATION_PROMPTS = 500;

/** A model that is there, or a checkpoint that has answered nothing yet. */
const evaluatedSchema = z.union([z.strictObject({ modelId: z.uuid() }), z.strictObject({ checkpointId: z.uuid() })]);

export const newHumanEvaluationSchema = z.strictObject({
  projectId: z.uuid(),
  name: z.string().trim().min(1, "Enter a name").max(80, "At most 80 characters"),
  models: z.array(evaluatedSchema).min(2, "Choose at least two models").max(MAX_K, `At most ${MAX_K} models`),
  prompts: z.discriminatedUnion("from", [
    z.strictObject({
      from: z.literal("split"),
      split: splitSchema,
      count: z.number().int("Enter a whole number").min(1, "At least 1").max(MAX_EVALUATION_PROMPTS, `At most ${MAX_EVALUATION_PROMPTS}`),
    }),
    /** Zero-shot: prompts that nothing was trained on; they join the test split. */
    z.strictObject({
      from: z.literal("typed"),
      texts: z
        .array(z.string().trim().min(1, "Enter the prompt").max(20_000, "At most 20000 characters"))
        .min(1, "Enter a prompt")
        .max(100, "At most 100 prompts"),
    }),
  ]),
  scales: z
    .array(scaleSchema)
    .min(1, "At least one attribute")
    .max(MAX_SCALES, `At most ${MAX_SCALES} attributes`)
    .refine(
      (scales) => new Set(scales.map(({ name }) => name.toLowerCase())).size === scales.length,
      "Each attribute needs a name of its own",
    ),
  /** People who rate each prompt. */
  overlap: z.number().int("Enter a whole number").min(1, "At least 1").max(20, "At most 20").default(2),
  seed: z.number().int("Enter a whole number").min(0, "At least 0").default(1),
  /** Of missing answers; 0 leaves nothing to chance. */
  temperature: z.number().min(0, "At least 0").max(5, "At most 5").default(1),
  maxNewTokens: z.number().int("Enter a whole number").min(1, "At least 1").max(4096, "At most 4096").default(80),
});
export type NewHumanEvaluation = z.infer<typeof newHumanEvaluationSchema>;

/** waiting: answers are being sampled; open: people are asked; done: every rating is there; closed: nobody is asked any more. */
export type HumanEvaluationState = "waiting" | "open" | "done" | "closed";

export function stateOfHumanEvaluation(evaluation: {
  openedAt: Date | null;
  closedAt: Date | null;
  judged: number;
  wanted: number;
}): HumanEvaluationState {
  if (evaluation.closedAt !== null) return "closed";
  if (evaluation.openedAt === null) return "waiting";
  return evaluation.judged >= evaluation.wanted ? "done" : "open";
}

/** `count` of the prompts by seed; `contentHash` orders them alike in every installation. */
export function drawPrompts<T extends { contentHash: string }>(
  prompts: readonly T[],
  { count, seed }: { count: number; seed: number },
): T[] {
  const inOrder = [...prompts].sort((a, b) => (a.contentHash < b.contentHash ? -1 : 1));
  return createRandom(seed, "human-evaluation").shuffle(inOrder).slice(0, count);
}
