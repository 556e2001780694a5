/** The prompts of the demo project: dialogues with reference summaries, split by wording and by fact. */
import type { Prompt, Split } from "../prompt";
import { createRandom } from "../random";
import type { FactKind } from "./inventory";
import { chooseCoverage, createDialogue, createFacts, type Facts, SUMMARY_INSTRUCTION, SUMMARY_STYLES, writeSummary } from "./support";

export const DEMO_TASK = "support-summary";

/** What a demo prompt keeps in `meta`: the record that its dialogue was written from. */
export type DemoMeta = { task: typeof DEMO_TASK; facts: Facts };

/** The record of a prompt of the demo, or null for any other prompt. */
export function demoFacts(meta: Record<string, unknown>): Facts | null {
  return meta.task === DEMO_TASK ? (meta.facts as Facts) : null;
}

/**
 * Prompts with references that are right but of mixed coverage (two to six facts) and style. No two prompts share a
 * record; validation and test dialogues use held-out wordings and values, see support.ts.
 */
export function createDemoPrompts(counts: { seed: number } & Record<Split, number>): Prompt[] {
  const seen = new Set<string>();
  return (["train", "validation", "test"] as const).flatMap((split) => {
    const random = createRandom(counts.seed, `demo-prompts:${split}`);
    const prompts: Prompt[] = [];
    while (prompts.length < counts[split]) {
      const facts = createFacts(random, split === "train" ? "training" : "held-out");
      const groupKey = Object.values(facts).join("|");
      if (seen.has(groupKey)) continue;
      seen.add(groupKey);
      const dialogue = createDialogue(facts, random, split === "train" ? "training" : "held-out");
      const covered: Set<FactKind> = chooseCoverage(random, 2);
      const meta: DemoMeta = { task: DEMO_TASK, facts };
      prompts.push({
        messages: [{ role: "user", content: `${SUMMARY_INSTRUCTION}\n\n${dialogue}` }],
        reference: writeSummary(facts, covered, random.pick(SUMMARY_STYLES)),
        split,
        groupKey,
        meta,
      });
    }
    return prompts;
  });
}
