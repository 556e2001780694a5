/**
 * The four instruction tasks of the seed notes as prompts with references: support summaries, ratings of reviews (with
 * the rating as label), words to Python, places in a sentence. What is held out is new by value: products, names and
 * places that no training prompt has; code, which has none, is split by its text.
 */
import type { Prompt, Split } from "../prompt";
import { createRandom, type Random } from "../random";
import { splitOfGroup } from "../split";
import { PLACES, valuesOf } from "./inventory";
import { createCode, createPlaces, createReview, type InstructionText, type TaskValues } from "./other-tasks";
import { createDemoPrompts, DEMO_TASK } from "./prompts";

export const DEMO_TASKS = [DEMO_TASK, "review-rating", "python-code", "place-names"] as const;

const HELD_OUT_PLACES = 8;

const valuesFor = (heldOut: boolean): TaskValues => ({
  of: (kind) => valuesOf(kind, heldOut),
  places: heldOut ? PLACES.slice(-HELD_OUT_PLACES) : PLACES.slice(0, -HELD_OUT_PLACES),
});

type Writer = {
  task: (typeof DEMO_TASKS)[number];
  write(random: Random, values: TaskValues): InstructionText & { label?: number };
  byText: boolean;
};

const WRITERS: readonly Writer[] = [
  {
    task: "review-rating",
    write(random, values) {
      const text = createReview(random, values);
      return { ...text, label: Number(text.completion) };
    },
    byText: false,
  },
  { task: "python-code", write: (random) => createCode(random), byText: true },
  { task: "place-names", write: createPlaces, byText: false },
];

/** More draws of one prompt than this give nothing new any more. */
const MAX_DRAWS = 2000;

/** `counts` prompts of each task and split, no two alike. Throws when a task has no more different texts. */
export function createTaskPrompts(counts: { seed: number } & Record<Split, number>): Prompt[] {
  const prompts = createDemoPrompts(counts);
  for (const { task, write, byText } of WRITERS) {
    const seen = new Set<string>();
    for (const split of ["train", "validation", "test"] as const) {
      const random = createRandom(counts.seed, `task-prompts:${task}:${split}`);
      for (let made = 0, draws = 0; made < counts[split]; draws++) {
        if (draws > MAX_DRAWS) throw new RangeError(`createTaskPrompts: ${task} has no ${counts[split]} different texts for ${split}`);
        const { instruction, completion, label } = write(random, valuesFor(split !== "train"));
        if (seen.has(instruction) || (byText && splitOfGroup(instruction) !== split)) continue;
        seen.add(instruction);
        made += 1;
        draws = 0;
        prompts.push({
          messages: [{ role: "user", content: instruction }],
          reference: completion,
          split,
          groupKey: instruction,
          meta: label === undefined ? { task } : { task, label },
        });
      }
    }
  }
  return prompts;
}
