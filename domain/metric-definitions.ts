/** What each metric means, in one line with its source, and how the console groups them into charts. */
import type { RunKind } from "./run";
import { readScoreName } from "./tasks/score-names";

export type MetricDefinition = {
  label: string;
  /** One line. */
  definition: string;
  source: string;
  /** Which way is better; null where neither is by itself. */
  better: "higher" | "lower" | null;
  /** A share of 1, shown in per cent. */
  percent?: boolean;
};

const TRL = "TRL PPOTrainer";
const PPO_PAPER = "Schulman et al. 2017";

export const METRIC_DEFINITIONS: Readonly<Record<string, MetricDefinition>> = {
  "objective/kl": {
    label: "KL to the reference",
    definition: "Mean over completions of the summed per-token log-ratio between the policy and the frozen reference (k1).",
    source: `${TRL}; Schulman 2020, Approximating KL divergence`,
    better: null,
  },
  "objective/entropy": {
    label: "Sampled entropy",
    definition: "Mean over completions of the summed negative log-probability of the sampled tokens.",
    source: TRL,
    better: null,
  },
  "objective/non_score_reward": {
    label: "KL part of the reward",
    definition: "Minus the KL coefficient times the KL: what straying from the reference costs.",
    source: TRL,
    better: null,
  },
  "objective/rlhf_reward": {
    label: "Reward with KL",
    definition: "Score of the reward model plus the KL part: what PPO maximises.",
    source: TRL,
    better: "higher",
  },
  "objective/scores": {
    label: "Reward",
    definition:
      "Mean score of the reward model on the sampled completions, before the KL part; on the scale on which samples of the reference policy have mean 0 and standard deviation 1, where rewards are normalised.",
    source: TRL,
    better: "higher",
  },
  "objective/kl_coef": {
    label: "KL coefficient",
    definition: "Weight of the KL in the reward; moves only with the adaptive controller.",
    source: "Ziegler et al. 2019, section 2.2",
    better: null,
  },
  "policy/entropy": {
    label: "Entropy a token",
    definition: "Mean entropy of the policy's distribution over the next token, in nats; near 0 the policy has stopped exploring.",
    source: TRL,
    better: null,
  },
  "policy/approxkl": {
    label: "Update size",
    definition: "Half the mean squared log-ratio between the policy after and before the updates of a step.",
    source: `${TRL}; Schulman 2020`,
    better: null,
  },
  "policy/updates": {
    label: "Updates",
    definition: "Optimiser updates from this rollout; fewer than planned where one of them was larger than allowed.",
    source: "Schulman et al. 2017; OpenAI Spinning Up (target_kl)",
    better: null,
  },
  "policy/clipfrac": {
    label: "Policy clip fraction",
    definition: "Share of tokens whose probability ratio was clipped; usual below 20 %.",
    source: PPO_PAPER,
    better: null,
    percent: true,
  },
  "val/clipfrac": {
    label: "Value clip fraction",
    definition: "Share of tokens whose value estimate was clipped.",
    source: TRL,
    better: null,
    percent: true,
  },
  "val/ratio": {
    label: "Probability ratio",
    definition: "Mean ratio of new to old token probabilities; stays near 1.",
    source: PPO_PAPER,
    better: null,
  },
  "val/num_eos_tokens": {
    label: "Completions that end",
    definition: "How many completions of the rollout ended by themselves.",
    source: TRL,
    better: "higher",
  },
  "loss/policy": {
    label: "Policy loss",
    definition:
      "Clipped surrogate objective, negated: masked mean of max(-A r, -A clip(r, 1 - eps, 1 + eps)); RLOO takes the ratio of whole completions.",
    source: PPO_PAPER,
    better: null,
  },
  "loss/value": {
    label: "Value loss",
    definition: "Half the masked mean of the larger of the clipped and unclipped squared error to the returns.",
    source: TRL,
    better: "lower",
  },
  "loss/train": {
    label: "Training loss",
    definition:
      "SFT: cross-entropy a completion token in nats. Reward model: negative log-likelihood of the votes, with the centring term. Preference optimisation: the chosen loss (DPO starts at ln 2).",
    source: "Ouyang et al. 2022; Bradley and Terry 1952; Rafailov et al. 2023",
    better: "lower",
  },
  "loss/base": {
    label: "Loss of the base",
    definition: "Mean validation loss a completion token of the model below the adapter, before its matrices were quantised.",
    source: "Dettmers et al. 2023",
    better: "lower",
  },
  "loss/base_nf4": {
    label: "Loss of the 4-bit base",
    definition: "The same with the linear layers in NF4: what QLoRA starts from. Its distance to the loss of the base is what 4 bits cost.",
    source: "Dettmers et al. 2023",
    better: "lower",
  },
  "loss/validation": {
    label: "Validation loss",
    definition: "The same loss on held-out prompts, without regularisation.",
    source: "Ouyang et al. 2022",
    better: "lower",
  },
  "accuracy/token": {
    label: "Token accuracy, training",
    definition: "Share of completion tokens that the model ranks first.",
    source: "TRL SFTTrainer",
    better: "higher",
    percent: true,
  },
  "accuracy/train": {
    label: "Accuracy, training",
    definition: "Share of strictly ordered pairs of the batch in which the preferred completion scores higher.",
    source: "Stiennon et al. 2020",
    better: "higher",
    percent: true,
  },
  "accuracy/validation": {
    label: "Accuracy, validation",
    definition:
      "Reward model: share of held-out ordered pairs scored in the votes' order; people agree with each other 72 to 77 %. Preference optimisation: the same of the implicit reward. SFT: held-out token accuracy.",
    source: "Stiennon et al. 2020",
    better: "higher",
    percent: true,
  },
  "f1/validation": {
    label: "Macro F1, validation",
    definition: "Mean over the classes of the F1 of a head's predictions.",
    source: "Sokolova and Lapalme 2009",
    better: "higher",
    percent: true,
  },
  "pearson/validation": {
    label: "Pearson's r, validation",
    definition: "Correlation of a head's numbers with the labels.",
    source: "Pearson 1895",
    better: "higher",
  },
  f1: {
    label: "Macro F1",
    definition: "Mean over the classes of the F1 of a head's predictions.",
    source: "Sokolova and Lapalme 2009",
    better: "higher",
    percent: true,
  },
  pearson: {
    label: "Pearson's r",
    definition: "Correlation of a head's numbers with the labels.",
    source: "Pearson 1895",
    better: "higher",
  },
  mse: { label: "Mean squared error", definition: "Of a head's numbers to the labels.", source: "Legendre 1805", better: "lower" },
  ...Object.fromEntries(
    (
      [
        [1, "slightly better"],
        [2, "better"],
        [3, "much better"],
      ] as const
    ).map(([margin, words]): [string, MetricDefinition] => [
      `accuracy/margin_${margin}`,
      {
        label: `Accuracy, "${words}"`,
        definition: `Share of held-out pairs voted "${words}" that are scored in the votes' order; it should rise with the margin.`,
        source: "Touvron et al. 2023, table 8",
        better: "higher",
        percent: true,
      },
    ]),
  ),
  "margin/mean": {
    label: "Score margin",
    definition: "Mean score of the preferred minus the other completion on held-out pairs.",
    source: "TRL RewardTrainer",
    better: "higher",
  },
  "rewards/chosen": {
    label: "Implicit reward, chosen",
    definition: "Mean over the batch's pairs of beta times the log-ratio of policy to reference on the preferred completion.",
    source: "Rafailov et al. 2023; TRL DPOTrainer",
    better: "higher",
  },
  "rewards/rejected": {
    label: "Implicit reward, rejected",
    definition: "The same on the other completion.",
    source: "Rafailov et al. 2023; TRL DPOTrainer",
    better: "lower",
  },
  "rewards/margins": {
    label: "Implicit reward margin",
    definition: "Chosen minus rejected, mean over the batch's pairs.",
    source: "TRL DPOTrainer",
    better: "higher",
  },
  "logps/chosen": {
    label: "Log-probability, chosen",
    definition:
      "Mean summed log-probability of the preferred completion; where it falls with that of the rejected one, the policy leaves both.",
    source: "TRL DPOTrainer",
    better: null,
  },
  "logps/rejected": {
    label: "Log-probability, rejected",
    definition: "Mean summed log-probability of the other completion.",
    source: "TRL DPOTrainer",
    better: null,
  },
  "kto/kl": {
    label: "KTO baseline",
    definition: "Mean log-ratio of policy to reference on other prompts' completions, not below 0: what counts as no gain.",
    source: "Ethayarajh et al. 2024",
    better: null,
  },
  "length/mean": {
    label: "Completion length",
    definition: "Mean tokens a completion; watch it rise with the reward (length bias).",
    source: "Singhal et al. 2023",
    better: null,
  },
  grad_norm: {
    label: "Gradient norm",
    definition: "Euclidean norm of the gradient before clipping.",
    source: "Pascanu et al. 2013",
    better: null,
  },
  lr: {
    label: "Learning rate",
    definition: "Step size of the optimiser at this step.",
    source: "Loshchilov and Hutter 2019 (AdamW)",
    better: null,
  },
  tokens_per_second: {
    label: "Speed",
    definition: "Completion tokens trained on each second.",
    source: "Measured by the worker",
    better: "higher",
  },
  completions_per_second: {
    label: "Speed",
    definition: "Completions sampled or scored each second.",
    source: "Measured by the worker",
    better: "higher",
  },
  "requests/cost": {
    label: "Cost",
    definition: "US dollars so far, by the endpoint's prices and the tokens that it counted.",
    source: "Counted by the worker",
    better: "lower",
  },
  "requests/tokens_in": {
    label: "Tokens in",
    definition: "Prompt tokens so far, as the endpoint counted them; of failed tries too.",
    source: "Counted by the worker",
    better: null,
  },
  "requests/tokens_out": {
    label: "Tokens out",
    definition: "Completion tokens so far, as the endpoint counted them; of failed tries too.",
    source: "Counted by the worker",
    better: null,
  },
  "requests/per_minute": {
    label: "Requests a minute",
    definition: "Requests that ended in the last minute, tries that failed among them.",
    source: "Counted by the worker",
    better: "higher",
  },
  "requests/failed": {
    label: "Failed",
    definition: "Requests that have no answer after all their tries.",
    source: "Counted by the worker",
    better: "lower",
  },
  "requests/retries": {
    label: "Retries",
    definition: "Tries beyond the first, since this worker took the run.",
    source: "Counted by the worker",
    better: "lower",
  },
  rouge1: { label: "ROUGE-1", definition: "F1 of the words shared with the reference, stemmed.", source: "Lin 2004", better: "higher" },
  rouge2: {
    label: "ROUGE-2",
    definition: "F1 of the pairs of words shared with the reference, stemmed.",
    source: "Lin 2004",
    better: "higher",
  },
  rougeL: {
    label: "ROUGE-L",
    definition: "F1 of the longest common subsequence with the reference.",
    source: "Lin 2004",
    better: "higher",
  },
  rougeLsum: {
    label: "ROUGE-Lsum",
    definition: "F1 of the longest common subsequences line by line, as summaries of several lines are scored.",
    source: "Lin 2004; rouge_score",
    better: "higher",
  },
  bleu1: { label: "BLEU-1", definition: "Corpus BLEU with words alone.", source: "Papineni et al. 2002; Post 2018", better: "higher" },
  bleu2: {
    label: "BLEU-2",
    definition: "Corpus BLEU with up to pairs of words.",
    source: "Papineni et al. 2002; Post 2018",
    better: "higher",
  },
  bleu3: { label: "BLEU-3", definition: "Corpus BLEU with up to 3-grams.", source: "Papineni et al. 2002; Post 2018", better: "higher" },
  bleu4: {
    label: "BLEU",
    definition: "Corpus BLEU with up to 4-grams against the reference.",
    source: "Papineni et al. 2002; Post 2018",
    better: "higher",
  },
  chrf: {
    label: "chrF",
    definition: "F2 score over character n-grams up to six, of the corpus.",
    source: "Popović 2015; Post 2018",
    better: "higher",
  },
  "chrf++": { label: "chrF++", definition: "chrF with word n-grams up to two.", source: "Popović 2017; Post 2018", better: "higher" },
  exactMatch: {
    label: "Exact match",
    definition: "Share of answers that equal the reference but for case, punctuation and articles.",
    source: "Rajpurkar et al. 2016",
    better: "higher",
    percent: true,
  },
  tokenF1: {
    label: "Token F1",
    definition: "F1 of the words shared with the reference, without punctuation and articles.",
    source: "Rajpurkar et al. 2016",
    better: "higher",
  },
  perplexity: {
    label: "Perplexity",
    definition: "Exponential of the mean loss a token of the references; comparable between models with the same tokenizer.",
    source: "Jelinek et al. 1977",
    better: "lower",
  },
  "helm/accuracy": { label: "Accuracy", definition: "Token F1 with the reference.", source: "HELM (Liang et al. 2022)", better: "higher" },
  "helm/calibration": {
    label: "Calibration error",
    definition:
      "Mean distance, over ten bins of equal mass, between the probability of the likeliest next token and how often the reference goes on with it.",
    source: "HELM; Guo et al. 2017",
    better: "lower",
  },
  "helm/selective_accuracy": {
    label: "Accuracy of the surest tenth",
    definition: "Share of right next tokens among the tenth of which the model is surest.",
    source: "HELM",
    better: "higher",
    percent: true,
  },
  "helm/robustness": {
    label: "Robustness",
    definition: "Token F1, each prompt with the worse of its answers to the original and to a mildly garbled one.",
    source: "HELM",
    better: "higher",
  },
  "helm/fairness": {
    label: "Fairness",
    definition: "Token F1, each prompt with the worst of its answers over dialect, pronouns and given names.",
    source: "HELM",
    better: "higher",
  },
  "helm/bias": {
    label: "Bias",
    definition: "Total-variation distance of mentions of women and men from even.",
    source: "HELM; Bolukbasi et al. 2016",
    better: "lower",
  },
  "helm/toxicity": {
    label: "Toxicity (stand-in)",
    definition: "Share of answers with an obscene word.",
    source: "HELM, with a word list in place of its classifier",
    better: "lower",
    percent: true,
  },
  "helm/efficiency": {
    label: "Seconds an answer",
    definition: "Wall-clock time of sampling divided by answers.",
    source: "Measured by the worker",
    better: "lower",
  },
  reward: {
    label: "Reward",
    definition: "Mean score of the reward model on held-out prompts.",
    source: "Stiennon et al. 2020",
    better: "higher",
  },
  gold: {
    label: "Gold score",
    definition: "Mean score by the hidden taste of the simulated annotators; exists in the demo only.",
    source: "Gao et al. 2022, Scaling laws for reward model overoptimization",
    better: "higher",
  },
  length: {
    label: "Length",
    definition: "Mean length of a completion: words in an evaluation, tokens in training.",
    source: "Singhal et al. 2023",
    better: null,
  },
  accuracy: {
    label: "Accuracy",
    definition:
      "Share of held-out ordered pairs that the reward model, or the policy's implicit reward, scores in the votes' order. Head: share of held-out labels predicted.",
    source: "Stiennon et al. 2020",
    better: "higher",
    percent: true,
  },
  kl: {
    label: "KL to the reference",
    definition: "Mean summed log-ratio to the reference on held-out prompts.",
    source: "Schulman 2020",
    better: null,
  },
};

/** A benchmark's score; one on a sample says so. */
function benchmarkDefinition(name: string): MetricDefinition | null {
  const score = readScoreName(name);
  if (score === null) return null;
  const { sample, title, label, definition, source, percent, what, note } = score;
  const said = [sample ? "On Hone's hand-written sample, not the benchmark" : null, definition, note].filter((part) => part !== null);
  return {
    label: `${title}: ${label}${sample ? " (sample)" : ""}`,
    definition: said.map((part) => part.replace(/\.$/, "")).join(". "),
    source,
    better: what === "overlap" ? "lower" : "higher",
    percent,
  };
}

/** The definition of `name`; one that nobody described is shown under its own name. */
export function metricDefinition(name: string): MetricDefinition {
  const task = /^loss\/validation\/(.+)$/.exec(name)?.[1];
  if (task !== undefined)
    return {
      ...METRIC_DEFINITIONS["loss/validation"],
      label: task,
      definition: `Validation loss of the task ${task}, whether or not the run trains on it.`,
      source: "Raffel et al. 2020",
      better: "lower",
    };
  const known = METRIC_DEFINITIONS[name.replace(/^eval\//, "")] ?? benchmarkDefinition(name.replace(/^eval\//, ""));
  return known ?? { label: name, definition: "Reported by the run; no definition is on record.", source: "the run", better: null };
}

export type ChartSpec = { title: string; metrics: readonly string[] };

/** Charts in the order of what matters first; a chart none of whose metrics a run reports is left out. */
export const CHARTS: readonly ChartSpec[] = [
  { title: "Reward", metrics: ["objective/scores", "objective/rlhf_reward"] },
  { title: "KL to the reference", metrics: ["objective/kl"] },
  { title: "Loss", metrics: ["loss/train", "loss/validation"] },
  { title: "Loss of the base, as it is and in 4 bits", metrics: ["loss/base", "loss/base_nf4"] },
  { title: "Accuracy", metrics: ["accuracy/train", "accuracy/token", "accuracy/validation", "f1/validation"] },
  { title: "Score margin", metrics: ["margin/mean"] },
  { title: "Accuracy by margin", metrics: ["accuracy/margin_1", "accuracy/margin_2", "accuracy/margin_3"] },
  { title: "Implicit reward", metrics: ["rewards/chosen", "rewards/rejected"] },
  { title: "Implicit reward margin", metrics: ["rewards/margins"] },
  { title: "Log-probability", metrics: ["logps/chosen", "logps/rejected"] },
  { title: "KTO baseline", metrics: ["kto/kl"] },
  { title: "Policy loss", metrics: ["loss/policy"] },
  { title: "Value loss", metrics: ["loss/value"] },
  { title: "Clip fraction", metrics: ["policy/clipfrac", "val/clipfrac"] },
  { title: "Entropy a token", metrics: ["policy/entropy"] },
  { title: "Completion length", metrics: ["length/mean"] },
  { title: "Gradient norm", metrics: ["grad_norm"] },
  { title: "Learning rate", metrics: ["lr"] },
  { title: "Completions that end", metrics: ["val/num_eos_tokens"] },
  { title: "Update size", metrics: ["policy/approxkl"] },
  { title: "Updates", metrics: ["policy/updates"] },
  { title: "Probability ratio", metrics: ["val/ratio"] },
  { title: "KL part of the reward", metrics: ["objective/non_score_reward"] },
  { title: "KL coefficient", metrics: ["objective/kl_coef"] },
  { title: "Sampled entropy", metrics: ["objective/entropy"] },
  { title: "Speed", metrics: ["tokens_per_second", "completions_per_second"] },
  { title: "Cost", metrics: ["requests/cost"] },
  { title: "Tokens of requests", metrics: ["requests/tokens_in", "requests/tokens_out"] },
  { title: "Requests", metrics: ["requests/per_minute"] },
  { title: "Failed requests", metrics: ["requests/failed", "requests/retries"] },
];

/** After the loss. */
const BY_TASK_PLACE = CHARTS.findIndex(({ title }) => title === "Loss") + 1;

/**
 * CHARTS that show any of `names`, and one chart for each metric that no chart names. Results of an
 * evaluation ("eval/...") are single numbers with intervals: scores, not curves.
 */
export function chartsFor(names: Iterable<string>): ChartSpec[] {
  const present = new Set([...names].filter((name) => !name.startsWith("eval/")));
  const byTask = [...present].filter((name) => name.startsWith("loss/validation/")).sort();
  const specs = [...CHARTS.slice(0, BY_TASK_PLACE), { title: "Validation loss by task", metrics: byTask }, ...CHARTS.slice(BY_TASK_PLACE)];
  const charts = specs
    .map(({ title, metrics }) => ({ title, metrics: metrics.filter((name) => present.has(name)) }))
    .filter(({ metrics }) => metrics.length > 0);
  for (const { metrics } of charts) for (const name of metrics) present.delete(name);
  return [...charts, ...[...present].sort().map((name) => ({ title: metricDefinition(name).label, metrics: [name] }))];
}

/** The one metric that a list of runs shows, first choice first. */
export const KEY_METRICS: Readonly<Record<RunKind, readonly string[]>> = {
  sft: ["loss/validation", "loss/train"],
  reward: ["accuracy/validation", "loss/train"],
  preference: ["accuracy/validation", "loss/train"],
  ppo: ["objective/scores"],
  evaluation: ["eval/gold", "eval/reward", "eval/rougeL", "eval/accuracy", "eval/pearson"],
  benchmark: ["bench", "sample"].flatMap((kind) => ["mmlu", "super_glue", "glue"].map((suite) => `eval/${kind}/${suite}/average`)),
  sample: ["length/mean", "requests/cost"],
  judge: ["requests/cost"],
  score: [],
  sweep: [],
};

export function keyMetric(kind: RunKind, values: Readonly<Record<string, number>> | null): { name: string; value: number } | null {
  for (const name of KEY_METRICS[kind]) {
    const value = values?.[name];
    if (value !== undefined) return { name, value };
  }
  return null;
}
