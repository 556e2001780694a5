/** What an evaluation asks of a checkpoint beside its answers: likelihoods of references, and answers to changed prompts. */
import type { Sampling } from "../../domain/completion";
import { PERTURBATIONS, type Perturbation, PERTURBS_REFERENCES, perturbText } from "../../domain/metrics/perturbations";
import type { Message } from "../../domain/prompt";
import { encodeExample } from "../algorithms/examples";
import type { ChainLink, LoadedCheckpoint } from "../checkpoint/checkpoint-chain";
import type { Engine } from "../engine/engine";
import { measureReferences, type ReferenceLikelihood } from "../evaluation/reference-likelihood";
import { sampleCompletions } from "./generate-jobs";

type PromptToEvaluate = { id: string; contentHash: string; messages: Message[]; reference: string | null };

/** In the prompts' order; null for a prompt without reference. */
export async function measurePromptReferences(
  engine: Engine,
  checkpoint: LoadedCheckpoint,
  prompts: readonly PromptToEvaluate[],
  batchSize: number,
): Promise<(ReferenceLikelihood | null)[]> {
  const known = prompts.flatMap(({ messages, reference }, place) => (reference === null ? [] : [{ place, messages, reference }]));
  const examples = await Promise.all(known.map(({ messages, reference }) => encodeExample(checkpoint.tokenizer, messages, reference)));
  const measured = await measureReferences(engine, {
    model: checkpoint.model,
    base: checkpoint.params,
    examples,
    batchSize,
    padTokenId: checkpoint.tokenizer.padTokenId,
  });
  const out = new Array<ReferenceLikelihood | null>(prompts.length).fill(null);
  known.forEach(({ place }, i) => {
    out[place] = measured[i] ?? null;
  });
  return out;
}

/**
 * Answers to every perturbed prompt, with the random stream of the original: what changes is the wording alone. A prompt
 * that a perturbation leaves as it is is not asked again (null). Null altogether when `progress` stopped it.
 */
export async function answerPerturbed(
  engine: Engine,
  input: {
    chain: ChainLink[];
    loaded: LoadedCheckpoint;
    prompts: readonly PromptToEvaluate[];
    sampling: Sampling;
    batchSize: number;
    seed: number;
  },
  progress: (done: number, total: number) => Promise<"stop" | undefined>,
): Promise<Record<Perturbation, ({ text: string; reference: string | null } | null)[]> | null> {
  const { chain, loaded, prompts, sampling, batchSize, seed } = input;
  const jobs = PERTURBATIONS.flatMap((perturbation) =>
    prompts.flatMap(({ contentHash, messages, reference }, place) => {
      const change = (text: string) => perturbText(text, perturbation, seed, contentHash);
      const changed = messages.map((message) => (message.role === "user" ? { ...message, content: change(message.content) } : message));
      if (changed.every(({ content }, i) => content === messages[i]?.content)) return [];
      const wanted = reference !== null && PERTURBS_REFERENCES[perturbation] ? change(reference) : reference;
      return [{ perturbation, place, prompt: { id: `${perturbation}:${place}`, key: contentHash, messages: changed }, reference: wanted }];
    }),
  );
  const out = Object.fromEntries(PERTURBATIONS.map((perturbation) => [perturbation, prompts.map(() => null)])) as Record<
    Perturbation,
    ({ text: string; reference: string | null } | null)[]
  >;
  if (jobs.length === 0) return out;
  const sampled = await sampleCompletions(
    engine,
    { chain, prompts: jobs.map(({ prompt }) => prompt), sampling, completionsPerPrompt: 1, batchSize },
    progress,
    loaded,
  );
  if (sampled.length < jobs.length) return null;
  const texts = new Map(sampled.map(({ promptId, text }) => [promptId, text]));
  for (const { perturbation, place, prompt, reference } of jobs) out[perturbation][place] = { text: texts.get(prompt.id) ?? "", reference };
  return out;
}
