/**
 * Offline preference optimisation on a LoRA adapter: the votes train the policy itself, by any of the losses of
 * preference-loss.ts. A ranking gives all its strictly ordered pairs, weighs as much as one pair, and each of its
 * completions is run once, however many pairs it is in.
 *
 * The reference is the same base with the adapter off. It never changes, so its log-probabilities are computed once
 * before the first step: one pass instead of one for each epoch.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { PreferenceConfig } from "../../domain/run";
import { disposeTree } from "../engine/tree";
import { createGenerator } from "../generation/generate";
import type { Adapter, Model, Params, Weights } from "../models/model";
import { type CompletionBatch, createCompletionBatch, targetLogprobs } from "./completion-loss";
import { type Example, lengthOf, type PromptTokenizer } from "./examples";
import { flattenParams, layoutOf, unflattenParams } from "./flat-params";
import { computeOptions, lossAndGradient } from "./gradient";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { type PreferencePairs, preferenceLoss } from "./preference-loss";
import { batchAt, batchesPerEpoch, groupBySize, pairAccuracy, type RankedExample } from "./ranked-items";
import { assertFinite, type Outcome, readScalars, snapshotTensor, type TrainContext } from "./train-context";

export type PreferenceInput = {
  config: PreferenceConfig;
  model: Model;
  tokenizer: PromptTokenizer;
  /** The policy before this run, adapters of its ancestors merged in: the reference policy. */
  base: Params;
  adapter: Adapter;
  train: RankedExample[];
  validation: RankedExample[];
  /** Votes that training never sees: how far they agree with what was learnt. */
  test: RankedExample[];
  showcase: { promptIds: number[]; prompt: string; reference: string | null }[];
  writeModel(folder: string, trained: Params): Promise<void>;
};

/** With the reference's log-probabilities; `mismatched` are other prompts' completions, for KTO's baseline. */
type Item = RankedExample & { refLogps: number[]; mismatched: Example[]; mismatchedRefLogps: number[] };

/** Tokens, and the matrix (S, M) that sums the targets' log-probabilities by sequence. */
type Sequences = { tokens: CompletionBatch; sums: tf.Tensor };
type Mismatched = { sequences: Sequences; refLogps: tf.Tensor; weights: tf.Tensor };
type Batch = { sequences: Sequences; pairs: PreferencePairs; mismatched: Mismatched | null };

/** Places of the strictly ordered pairs of a ranking, [better, worse]. */
function orderedPairs(ranks: readonly number[]): [number, number][] {
  return ranks.flatMap((a, i) => ranks.flatMap((b, j): [number, number][] => (a < b ? [[i, j]] : [])));
}

function createSequences(model: Model, examples: Example[], padTokenId: number): Sequences {
  const tokens = createCompletionBatch(model, examples, padTokenId);
  const size = tokens.targetIds.size;
  const sums = new Float32Array(examples.length * size);
  let next = 0;
  examples.forEach(({ completionIds }, s) => {
    sums.fill(1, s * size + next, s * size + next + completionIds.length);
    next += completionIds.length;
  });
  return { tokens, sums: tf.tensor2d(sums, [examples.length, size]) };
}

/** The batch of `items`, all of one K, of which those from `real` on are fillers without weight. */
function createBatch(model: Model, items: Item[], real: number, padTokenId: number, kto: boolean): Batch {
  const examples = items.flatMap(({ examples }) => examples);
  const size = examples.length / items.length;
  const pairs = items.flatMap(({ ranks }, n) => {
    const own = orderedPairs(ranks);
    return own.map(([i, j]) => ({ chosen: n * size + i, rejected: n * size + j, weight: n < real ? 1 / own.length / real : 0 }));
  });
  // Few numbers of pairs keep few graphs, however many the ties leave: filled up with weight 0.
  let rows = items.length;
  while (rows < pairs.length) rows *= 2;
  const padded = (name: keyof (typeof pairs)[number]) => Array.from({ length: rows }, (_, p) => pairs[p]?.[name] ?? 0);
  const mismatched = items.flatMap((item) => item.mismatched);
  return {
    sequences: createSequences(model, examples, padTokenId),
    pairs: {
      refLogps: tf.tensor1d(items.flatMap(({ refLogps }) => refLogps)),
      lengths: tf.tensor1d(examples.map(({ completionIds }) => completionIds.length)),
      chosen: tf.tensor1d(padded("chosen"), "int32"),
      rejected: tf.tensor1d(padded("rejected"), "int32"),
      pairWeights: tf.tensor1d(padded("weight")),
    },
    mismatched: kto
      ? {
          sequences: createSequences(model, mismatched, padTokenId),
          refLogps: tf.tensor1d(items.flatMap(({ mismatchedRefLogps }) => mismatchedRefLogps)),
          weights: tf.tensor1d(mismatched.map((_, s) => (s < real * size ? 1 / (real * size) : 0))),
        }
      : null,
  };
}

/**
 * To each completion its item's prompt with the like completion of the next item of another prompt: KTO's estimate of
 * how far the policy is from the reference on text that has nothing to do with the prompt.
 */
export function mismatchCompletions(items: readonly RankedExample[]): Example[][] {
  const prompts = items.map(({ examples }) => examples[0]?.promptIds.join(",") ?? "");
  return items.map(({ examples }, i) => {
    const distance = [...items.keys()].find((step) => prompts[(i + step) % items.length] !== prompts[i]);
    const next = distance === undefined ? undefined : items[(i + distance) % items.length];
    if (!next) throw new Error("KTO needs comparisons of at least two prompts");
    return examples.map(({ promptIds }, j) => ({ promptIds, completionIds: next.examples[j % next.examples.length]?.completionIds ?? [] }));
  });
}

/** Trains to the end or until asked to stop; `heldOut` are right and all ordered pairs of each test item. */
export async function trainPreference(
  context: TrainContext,
  input: PreferenceInput,
): Promise<{ outcome: Outcome; heldOut: [right: number, pairs: number][] }> {
  const { config, model, tokenizer, base, adapter } = input;
  const { engine } = context;
  const kto = config.loss === "kto";
  const isOrdered = ({ ranks }: RankedExample) => orderedPairs(ranks).length > 0;
  const [train, validation, test] = [input.train, input.validation, input.test].map((items) => items.filter(isOrdered)) as [
    RankedExample[],
    RankedExample[],
    RankedExample[],
  ];
  if (train.length === 0) throw new Error("The dataset version has no training comparison that fits maxLength and is not a tie");
  const layout = layoutOf(adapter.params);
  const policyOf = (frozen: Params, theta: tf.Tensor1D): Weights => ({
    base: frozen,
    adapter: { params: unflattenParams(layout, theta), scaling: adapter.scaling },
    ...computeOptions(config),
  });
  /** Summed log-probabilities of whole completions, (S). */
  const sequenceLogps = (weights: Weights, { tokens, sums }: Sequences) =>
    tf.squeeze(tf.matMul(sums as tf.Tensor2D, tf.expandDims(targetLogprobs(model, weights, tokens), 1) as tf.Tensor2D), [1]) as tf.Tensor1D;
  const klBaseline = (weights: Weights, mismatched: Mismatched | null) =>
    mismatched &&
    (tf.maximum(
      0,
      tf.sum(tf.mul(tf.sub(sequenceLogps(weights, mismatched.sequences), mismatched.refLogps), mismatched.weights)),
    ) as tf.Scalar);

  const referenceLogps = engine.compile("preference-reference", ({ frozen, sequences }: { frozen: Params; sequences: Sequences }) => ({
    logps: sequenceLogps({ base: frozen, adapter: null }, sequences),
  }));
  const trainStep = engine.compile(
    "preference-train",
    ({ frozen, state, batch, scalars }: { frozen: Params; state: TrainState; batch: Batch; scalars: StepScalars }) => {
      // Outside of what is differentiated.
      const baseline = klBaseline(policyOf(frozen, state.theta), batch.mismatched);
      const { loss, gradient, report } = lossAndGradient((theta) => {
        const logps = sequenceLogps(policyOf(frozen, theta), batch.sequences);
        const { loss, rewards } = preferenceLoss(config, logps, batch.pairs, baseline);
        return { loss, report: { logps, rewards } };
      }, state.theta);
      const update = adamW(config, state, gradient, scalars);
      return {
        state: update.state,
        logps: report.logps,
        rewards: report.rewards,
        report: { loss, gradNorm: update.gradNorm, ...(baseline ? { baseline } : {}) },
      };
    },
  );
  const evaluateStep = engine.compile(
    "preference-evaluate",
    ({ frozen, theta, batch }: { frozen: Params; theta: tf.Tensor; batch: Batch }) => {
      const policy = policyOf(frozen, theta as tf.Tensor1D);
      return preferenceLoss(config, sequenceLogps(policy, batch.sequences), batch.pairs, klBaseline(policy, batch.mismatched));
    },
  );

  const groups = groupBySize(train, config.batchSize);
  const totalSteps = config.maxSteps ?? Math.ceil(batchesPerEpoch(groups) * config.epochs);
  await context.start(totalSteps);

  // 1. The reference's log-probabilities, sequences of like length together; always the same batches, so that a resumed run has the same bits.
  const scoreByReference = async (examples: Example[]): Promise<number[]> => {
    const out = new Array<number>(examples.length).fill(0);
    if (config.loss === "orpo") return out;
    const order = [...examples.keys()].sort((a, b) => lengthOf(examples[a] as Example) - lengthOf(examples[b] as Example) || a - b);
    const batchSize = 2 * config.batchSize;
    for (let i = 0; i < order.length; i += batchSize) {
      const places = order.slice(i, i + batchSize);
      const sequences = createSequences(
        model,
        Array.from({ length: batchSize }, (_, s) => examples[places[s] ?? places[0] ?? 0] as Example),
        tokenizer.padTokenId,
      );
      const { logps } = referenceLogps({ frozen: base, sequences });
      const values = await logps.data();
      places.forEach((place, s) => {
        out[place] = values[s] ?? Number.NaN;
      });
      logps.dispose();
      disposeTree(sequences);
    }
    return out;
  };
  const withReference = async (items: RankedExample[]): Promise<Item[]> => {
    const mismatched = kto && items.length > 0 ? mismatchCompletions(items) : items.map((): Example[] => []);
    const scored = await scoreByReference(items.flatMap(({ examples }) => examples));
    const scoredMismatched = await scoreByReference(mismatched.flat());
    let next = 0;
    return items.map((item, i) => {
      const from = next;
      next += item.examples.length;
      return {
        ...item,
        refLogps: scored.slice(from, next),
        mismatched: mismatched[i] ?? [],
        mismatchedRefLogps: scoredMismatched.slice(from, next),
      };
    });
  };
  const used =
    totalSteps >= batchesPerEpoch(groups)
      ? train
      : [...new Set(Array.from({ length: totalSteps }, (_, step) => batchAt(groups, step, config.seed, "preference")).flat())];
  const referenced = new Map((await withReference(used)).map((item, i) => [used[i], item]));
  const referencedValidation = groupBySize(await withReference(validation), config.batchSize);

  // 2. The fresh adapter, or exactly where the last checkpoint was.
  let state: TrainState = context.resume
    ? { theta: snapshotTensor(context.resume, "theta"), m: snapshotTensor(context.resume, "m"), v: snapshotTensor(context.resume, "v") }
    : createTrainState(flattenParams(adapter.params));
  const generate = createGenerator(engine, model);

  /** Loss, and implicit rewards of each item. */
  const evaluateItems = async (
    sized: typeof referencedValidation,
  ): Promise<{ loss: number; items: { ranks: number[]; rewards: number[] }[] }> => {
    const items: { ranks: number[]; rewards: number[] }[] = [];
    let loss = 0;
    for (const group of sized) {
      for (let i = 0; i < group.items.length; i += group.batchSize) {
        const rows = group.items.slice(i, i + group.batchSize);
        const filled = [...rows, ...Array.from({ length: group.batchSize - rows.length }, () => rows[0] as Item)];
        const batch = createBatch(model, filled, rows.length, tokenizer.padTokenId, kto);
        const result = evaluateStep({ frozen: base, theta: state.theta, batch });
        const rewards = Array.from(await result.rewards.data());
        loss += ((await result.loss.data())[0] ?? Number.NaN) * rows.length;
        tf.dispose([result.loss, result.rewards]);
        disposeTree(batch);
        rows.forEach(({ ranks }, row) => {
          items.push({ ranks, rewards: rewards.slice(row * ranks.length, (row + 1) * ranks.length) });
        });
      }
    }
    return { loss: loss / Math.max(1, items.length), items };
  };

  const evaluate = async (step: number): Promise<void> => {
    if (validation.length > 0) {
      const { loss, items } = await evaluateItems(referencedValidation);
      const { accuracy, margin } = summarise(items);
      const values = { "loss/validation": loss, "accuracy/validation": accuracy, "margin/mean": margin };
      assertFinite(step, values);
      await context.emit([{ kind: "metric", step, values }]);
    }
    if (input.showcase.length > 0) {
      const kept = tf.tidy(() => Object.values(unflattenParams(layout, state.theta)));
      const params = Object.fromEntries(layout.map(({ name }, i) => [name, kept[i] as tf.Tensor]));
      const generated = await generate(
        { base, adapter: { params, scaling: adapter.scaling } },
        input.showcase.map(({ promptIds }) => promptIds),
        input.showcase.map((_, i) => createRandom(config.seed, `showcase:${i}`)),
        {
          temperature: 0,
          topK: 0,
          topP: 1,
          maxNewTokens: 64,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
        },
      );
      tf.dispose(kept);
      await context.emit([
        {
          kind: "sample",
          step,
          rows: await Promise.all(
            generated.map(async ({ tokens }, i) => ({
              prompt: input.showcase[i]?.prompt ?? "",
              completion: await tokenizer.decode(tokens),
              reference: input.showcase[i]?.reference ?? null,
              score: null,
              kl: null,
            })),
          ),
        },
      ]);
    }
  };

  const first = context.resume?.step ?? 0;
  if (first === 0 && config.evalSteps > 0) await evaluate(0);
  for (let step = first; step < totalSteps; step++) {
    // 3. One update.
    const items = batchAt(groups, step, config.seed, "preference").map((item) => referenced.get(item) as Item);
    const batch = createBatch(model, items, items.length, tokenizer.padTokenId, kto);
    const lr = learningRateAt(config, step, totalSteps);
    const scalars = scheduleScalars(config, step, lr);
    const result = trainStep({ frozen: base, state, batch, scalars });
    tf.dispose([...Object.values(state), ...Object.values(scalars)]);
    disposeTree(batch);
    state = result.state;
    const [logps, rewards] = [Array.from(await result.logps.data()), Array.from(await result.rewards.data())];
    tf.dispose([result.logps, result.rewards]);
    const { loss, gradNorm, baseline } = await readScalars(result.report);

    // 4. Report, under TRL's names where it has one.
    const done = step + 1;
    const scored = items.map(({ ranks }, i) => ({ ranks, rewards: rewards.slice(i * ranks.length, (i + 1) * ranks.length) }));
    const ofLogps = items.map(({ ranks }, i) => ({ ranks, rewards: logps.slice(i * ranks.length, (i + 1) * ranks.length) }));
    const [ofRewards, plain] = [summarise(scored), summarise(ofLogps)];
    const values: Record<string, number> = {
      "loss/train": loss ?? Number.NaN,
      "accuracy/train": ofRewards.accuracy,
      "rewards/chosen": ofRewards.chosen,
      "rewards/rejected": ofRewards.rejected,
      "rewards/margins": ofRewards.margin,
      "logps/chosen": plain.chosen,
      "logps/rejected": plain.rejected,
      grad_norm: gradNorm ?? Number.NaN,
      lr,
      ...(baseline === undefined ? {} : { "kto/kl": baseline }),
    };
    assertFinite(done, values);
    await context.emit([{ kind: "metric", step: done, values }]);

    // 5. Validation, checkpoint, and whatever a person asked for.
    const last = done === totalSteps;
    if (config.evalSteps > 0 && (last || done % config.evalSteps === 0)) await evaluate(done);
    const requested = context.requested();
    if (last || requested === "pause" || done % config.saveSteps === 0) {
      await context.save({
        step: done,
        final: last,
        tensors: { ...state },
        state: {},
        writeModel: async (folder) => {
          const trained = tf.tidy(() => unflattenParams(layout, state.theta));
          await input.writeModel(folder, trained);
          tf.dispose(Object.values(trained));
        },
      });
    }
    if (requested && !last) {
      tf.dispose(Object.values(state));
      return { outcome: requested === "pause" ? "paused" : "cancelled", heldOut: [] };
    }
  }
  const heldOut = (await evaluateItems(groupBySize(await withReference(test), config.batchSize))).items.map(({ ranks, rewards }) =>
    pairAccuracy(ranks, rewards),
  );
  tf.dispose(Object.values(state));
  return { outcome: "succeeded", heldOut };
}

/** Means over the ordered pairs, each item with the weight of one. */
function summarise(items: readonly { ranks: number[]; rewards: number[] }[]): {
  accuracy: number;
  margin: number;
  chosen: number;
  rejected: number;
} {
  const average = (read: (chosen: number, rejected: number) => number) =>
    mean(
      items.map(({ ranks, rewards }) =>
        mean(orderedPairs(ranks).map(([i, j]) => read(rewards[i] ?? Number.NaN, rewards[j] ?? Number.NaN))),
      ),
    );
  return {
    accuracy: average((chosen, rejected) => (chosen > rejected ? 1 : 0)),
    margin: average((chosen, rejected) => chosen - rejected),
    chosen: average((chosen) => chosen),
    rejected: average((_, rejected) => rejected),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
