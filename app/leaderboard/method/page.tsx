/** How the numbers of the leaderboard are made. */
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { AppError } from "@/server/errors";
import { listLeaderboards } from "@/server/services/leaderboard";
import { type BoardSources, getBoardSources } from "@/server/services/leaderboard-sources";
import { createContext } from "@/server/session";
import { PageHeader } from "../../components/ui/page-header";
import { readBoardAddress } from "../board-address";

export const metadata: Metadata = { title: "Method" };

const PARTS: readonly (readonly [title: string, text: string])[] = [
  [
    "Ranking by votes",
    "Bradley-Terry strengths by maximum likelihood (Newton's method), ties by Davidson (1970): P(i beats j) = p_i / (p_i + p_j + v √(p_i p_j)). Scores are 400 / ln 10 times the log-strength, with a mean of 1000 in each group of models that were compared with one another. A ranking of K answers counts as its pairs, each with weight 1 / (K − 1). Where the maximum does not exist, because a model never lost or never won, Firth's penalty (1993) keeps scores finite, and the board says so.",
  ],
  [
    "Intervals",
    "Standard errors by the sandwich estimator (Huber 1967, White 1980) over judgements: the pairs of one ranking stay together. In groups with fewer than ten votes a model, or without a maximum, by the inverse information instead, because robust errors would be too narrow. The downloads also give the error of 100 bootstrap resamples of judgements (seed 1). Intervals are 95 %.",
  ],
  [
    "Ranks and P(best)",
    "An interval of ranks leaves out only what is significantly above or below, with Bonferroni's correction over a model's comparisons (Mogstad, Romano, Shaikh & Wilhelm 2024). P(best) is the share of 2000 draws from the normal distribution of the estimates (seed 1) in which a model leads its group.",
  ],
  [
    "When one scale does not fit",
    "Pearson's chi-squared over the pairs that have at least five expected votes for each outcome compares what was voted with what the scores foretell. Below p = 0.01 the board says that who beats whom does not fit one scale.",
  ],
  [
    "Style held equal",
    "A vote's difference is strength plus γ · x, where x are the two answers' relative differences (a − b) / (a + b) in length (characters), Markdown headings, list items and bold passages, divided by their root mean square (after Li, Angelopoulos & Chiang 2024). All parameters are fitted together, with sandwich errors. It wants 20 votes for each feature.",
  ],
  [
    "Win rate against a model",
    "The probability that the scores give to winning against it, ties half, with the 95 % interval of the difference. With style held equal it is a length-controlled win rate (after Dubois, Galambosi, Liang & Hashimoto 2024). The table of win rates below the ranking is what was counted, without a model.",
  ],
  [
    "Weights",
    "Each vote alike, or by 1 / the probability with which its pair was served, divided by the mean and at most 20: as if all pairs of a prompt had been equally likely; where a reward model chose the prompts too, the probability of the prompt is part of it. The board says how many equal votes the weighted ones are worth (Kish 1965).",
  ],
  [
    "What the first place hangs on",
    "The votes with the most influence on the gap between the first and its closest rivals (Broderick, Giordano & Meager 2020) are left out, half of the predicted number at a time, and the ranking is fitted again until another model leads; the set is then cut to its shortest sufficient beginning. It is an upper bound of the smallest set, checked by a refit.",
  ],
  [
    "Votes still wanted",
    "Direct comparisons of a pair until a true difference of the chosen size would be significant at 5 % with probability .8: (z.975 + z.8)² over the squared difference, less what all votes so far say of the pair, over the information of one more vote.",
  ],
  [
    "What else decided votes",
    "One model with log v: difference = e^r (θa − θb) + s + s_k + γ · x, where r and s_k are annotator k's log-reliability and own side, normal around 0 with variances by EM, s is the pull of the side shown first and x is style. Its gain is the log-loss on held-out votes, five folds over judgements (seed 1), beside the plain model. At most the 5,000 newest votes.",
  ],
  ["History", "The maximum likelihood after each of up to 60 equal parts of the votes: exact refits, no online Elo."],
  [
    "Which votes count",
    "Votes that stand (not undone), by people. Votes of simulated annotators are shown only when chosen, and are labelled. Two answers of one model say nothing about models and are left out. “Both bad” is no tie: it is counted apart, as a rate. The votes' download has a number in place of each annotator and the day in place of the time. A prompt's category is `category`, else `task`, of its meta.",
  ],
  [
    "ROUGE and BLEU",
    "ROUGE as rouge_score computes it (Porter stemming), F1, averaged over held-out prompts. BLEU as sacrebleu computes it (13a, exponential smoothing), over the corpus, here on a scale from 0 to 1. Intervals by 1000 bootstrap samples of prompts. The signature of each score is in its title.",
  ],
  [
    "Reward and accuracy",
    "Reward is the mean raw score of the reward model of the evaluation run: comparable only under the same reward model. Held-out accuracy is the share of strictly ordered pairs, in votes that the reward model never saw, that it orders as the annotator did; prompts of one group are never on both sides of the split.",
  ],
  [
    "Human evaluation",
    "Evaluators rate the answers of several models to one prompt side by side, in an order of their own and without names, on scales of 2 to 10 points. The mean of a model is over its ratings of the newest evaluation of each scale, by people; intervals by 1000 bootstrap samples of prompts, so that several ratings of a prompt stay together. The page of an evaluation also has paired differences with p by Fisher's randomisation test (1935; exact up to 13 prompts), corrected by Holm (1979), and Krippendorff's ordinal alpha. These votes count nowhere else.",
  ],
  [
    "Benchmarks",
    "GLUE, SuperGLUE, MMLU and HELM's core scenarios, with the prompts and scoring of lm-evaluation-harness where it has the task (checked against its log-likelihoods), of HELM elsewhere. Choices by summed log-likelihood, texts greedily. GLUE and SuperGLUE average their tasks, MMLU its items. Intervals by 1000 bootstrap samples of items, or of groups that are judged together. “Sample” means a few items written for Hone: not the benchmark.",
  ],
  [
    "Overlap with training data",
    "As for GPT-3 (Brown et al. 2020): items are lower-cased and stripped of punctuation; one run of n words in common with a training row of the checkpoint's lineage marks an item, n being the 5th percentile of the items' lengths, between 8 and 13. Shorter items cannot be told and are left out of the share. What a base model was pretrained on is not known here.",
  ],
  [
    "Gold score (demo)",
    "How far a summary meets the hidden taste of the simulated annotators, from the record of facts that its conversation was written from. It exists for the demo only, to show whether training gave what was wanted.",
  ],
];

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** `search` is the board's own address, so that the page names what that board stands on. */
export default async function MethodPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await searchParams;
  const ctx = await createContext();
  const [first] = await listLeaderboards(ctx);
  const { slug, said, board } = readBoardAddress((name) => [search[name] ?? null].flat()[0] ?? null, first?.slug ?? "");
  // Without a board that the reader may see, the methods stand alone.
  const sources = slug === "" ? null : await getBoardSources(ctx, { slug, ...board }).catch(hideMissing);
  const query = new URLSearchParams({ ...(slug === "" ? {} : { project: slug }), ...said });
  return (
    <div className="max-w-[75ch]">
      <PageHeader title="Method" />
      {PARTS.map(([title, text]) => (
        <section key={title} className="mb-6">
          <h2 className="mb-1 font-semibold">{title}</h2>
          <p>{text}</p>
        </section>
      ))}
      {sources !== null && (
        <Hashes sources={sources} download={`/api/leaderboard/${encodeURIComponent(slug)}?format=votes&${new URLSearchParams(said)}`} />
      )}
      <p>
        <Link className="underline" href={`/leaderboard?${query}`}>
          Back to the leaderboard
        </Link>
      </p>
    </div>
  );
}

function hideMissing(error: unknown): null {
  if (error instanceof AppError && error.code === "NOT_FOUND") return null;
  throw error;
}

function Hashes({ sources, download }: { sources: BoardSources; download: string }) {
  const rows = [
    ...sources.models.map(({ name, hash }) => ({ what: name, hash, of: "checkpoint" })),
    ...[...new Map(sources.models.flatMap(({ datasets }) => datasets).map((dataset) => [dataset.hash, dataset])).values()].map(
      ({ name, hash }) => ({ what: name, hash, of: "data set" }),
    ),
  ];
  return (
    <section className="mb-6" aria-labelledby="hashes">
      <h2 id="hashes" className="mb-1 font-semibold">
        What the board of {sources.project} stands on
      </h2>
      <p className="mb-2">
        SHA-256 of the votes' download, with the filters that this page was opened with, of each ranked checkpoint, and of the data sets
        that these were trained on.
      </p>
      <dl className="space-y-2 text-sm">
        <Hash
          what={
            <a className="underline" href={download} download>
              Votes
            </a>
          }
          of={sources.votes === null ? "too many to be hashed for a page: sha256sum tells of the download" : `${sources.votes.lines} lines`}
          hash={sources.votes?.sha256 ?? null}
        />
        {rows.map(({ what, of, hash }) => (
          <Hash key={`${of} ${what} ${hash}`} what={what} of={of} hash={hash} />
        ))}
      </dl>
    </section>
  );
}

function Hash({ what, of, hash }: { what: ReactNode; of: string; hash: string | null }) {
  return (
    <div>
      <dt>
        <span className="font-medium">{what}</span> <span className="text-muted">{of}</span>
      </dt>
      {hash !== null && (
        <dd>
          <code className="text-xs break-all text-muted">{hash}</code>
        </dd>
      )}
    </div>
  );
}
