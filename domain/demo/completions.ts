/**
 * Summaries that a script writes of demo dialogues, so that there is something to judge before any model has been
 * trained. They differ in style, in how much they cover, and one writer in four puts in a wrong fact. Each writer is
 * a model of its own, named for what it is.
 */
import { createRandom } from "../random";
import { FACT_KINDS, type FactKind, valuesOf } from "./inventory";
import { chooseCoverage, type Facts, SUMMARY_STYLES, type SummaryStyle, writeSummary } from "./support";

export type ScriptedCompletion = { model: string; text: string };

const WRITERS: readonly { model: string; style: SummaryStyle; mistaken: boolean }[] = [
  ...SUMMARY_STYLES.map((style) => ({ model: `Script, ${style}`, style, mistaken: false })),
  { model: "Script, one fact wrong", style: "plain", mistaken: true },
];

/** One summary of each writer; `key` (the prompt's content hash, say) and `seed` fix all chance. Texts may coincide. */
export function createScriptedCompletions({ facts, seed, key }: { facts: Facts; seed: number; key: string }): ScriptedCompletion[] {
  const random = createRandom(seed, `scripted:${key}`);
  return WRITERS.map(({ model, style, mistaken }) => {
    const covered = chooseCoverage(random, 3);
    if (!mistaken) return { model, text: writeSummary(facts, covered, style) };
    const kind: FactKind = random.pick(FACT_KINDS.filter((fact) => covered.has(fact)));
    const wrong = random.pick(valuesOf(kind, false).filter((value) => value !== facts[kind]));
    return { model, text: writeSummary({ ...facts, [kind]: wrong }, covered, style) };
  });
}
