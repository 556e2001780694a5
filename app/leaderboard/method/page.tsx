/** How the numbers of the leaderboard are made. */
import type { Metadata } from "next";
import Link from "next/link";
import { PageHeader } from "../../components/ui/page-header";

export const metadata: Metadata = { title: "Method" };

const PARTS: readonly (readonly [title: string, text: string])[] = [
  ["Ranking by votes", "Bradley-Terry strengths by maximum likelihood, ties by Davidson (1970): P(i beats j) = p_i / (p_i + p_j + v √(p_i p_j)). Scores are 400 / ln 10 times the log-strength, with a mean of 1000. A ranking of K answers counts as its pairs, each with weight 1 / (K − 1). A penalty of a hundredth of a vote keeps the score of a model that never lost finite."],
  ["Intervals and ranks", "200 bootstrap samples of whole votes with a stored seed; the 2.5th and 97.5th percentiles of scores and ranks; “First” is the share of samples in which a model leads. Models whose interval overlaps the first one's are said not to be told apart from it."],
  ["Which votes count", "Votes that stand (not undone), by people. Votes of simulated annotators are shown only when chosen, and are labelled. Two answers of one model say nothing about models and are left out. “Both bad” is no tie: it is counted apart, as a rate."],
  ["ROUGE and BLEU", "ROUGE as rouge_score computes it (Porter stemming), F1, averaged over held-out prompts. BLEU as sacrebleu computes it (13a, exponential smoothing), over the corpus, here on a scale from 0 to 1. Intervals by 1000 bootstrap samples of prompts. The signature of each score is in its title."],
  ["Reward and accuracy", "Reward is the mean raw score of the reward model of the evaluation run: comparable only under the same reward model. Held-out accuracy is the share of strictly ordered pairs, in votes that the reward model never saw, that it orders as the annotator did; prompts of one group are never on both sides of the split."],
  ["Benchmarks", "GLUE, SuperGLUE, MMLU and HELM's core scenarios, with the prompts and scoring of lm-evaluation-harness where it has the task (checked against its log-likelihoods), of HELM elsewhere. Choices by summed log-likelihood, texts greedily. GLUE and SuperGLUE average their tasks, MMLU its items. Intervals by 1000 bootstrap samples of items, or of groups that are judged together. “Sample” means a few items written for Hone: not the benchmark."],
  ["Overlap with training data", "As for GPT-3 (Brown et al. 2020): items are lower-cased and stripped of punctuation; one run of n words in common with a training row of the checkpoint's lineage marks an item, n being the 5th percentile of the items' lengths, between 8 and 13. Shorter items cannot be told and are left out of the share. What a base model was pretrained on is not known here."],
  ["Gold score (demo)", "How far a summary meets the hidden taste of the simulated annotators, from the record of facts that its conversation was written from. It exists for the demo only, to show whether training gave what was wanted."],
];

export default function MethodPage() {
  return (
    <div className="max-w-[75ch]">
      <PageHeader title="Method" />
      {PARTS.map(([title, text]) => (
        <section key={title} className="mb-6">
          <h2 className="mb-1 font-semibold">{title}</h2>
          <p>{text}</p>
        </section>
      ))}
      <p><Link className="underline" href="/leaderboard">Back to the leaderboard</Link></p>
    </div>
  );
}
