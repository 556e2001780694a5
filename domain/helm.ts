/**
 * HELM's seven metrics of a checkpoint in forms that can be computed from an evaluation run.
 * Source: Liang et al. 2022, "Holistic Evaluation of Language Models", section 4.
 */
import { estimateMetrics, type Score } from "./evaluation";
import { bootstrapStatistic } from "./metrics/bootstrap";
import { expectedCalibrationError, selectiveAccuracy } from "./metrics/calibration";
import { PERTURBATIONS, type Perturbation } from "./metrics/perturbations";
import { countGenderMentions, representationGap } from "./metrics/representation";
import { measureValues } from "./metrics/text-metrics";
import { tokenF1 } from "./metrics/text-match";
import { isToxic, TOXICITY_SIGNATURE } from "./metrics/toxicity";

export type HelmInput = {
  /** One answer a prompt, and what it was asked with. */
  answers: { text: string; reference: string | null }[];
  /** The answers to the perturbed prompts, in the same order; null where the perturbation changed nothing. */
  perturbed: Record<Perturbation, ({ text: string; reference: string | null } | null)[]>;
  /** The model's next-token guesses along each reference. */
  guesses: { confidences: number[]; right: boolean[] }[];
  /** Wall-clock seconds that sampling the answers took, batches together. */
  seconds: number;
};

const CALIBRATION_SAMPLES = 200;
const MEASURE = "tokenF1:squad-2.0";

/** Scores named "helm/..."; one that nothing can be said about is left out. */
export function measureHelm(input: HelmInput, seed: number): Score[] {
  const { answers, perturbed, guesses, seconds } = input;
  const scored = answers.flatMap(({ text, reference }, i) => (reference === null ? [] : [{ i, score: tokenF1(text, reference) }]));
  const scoreOf = (perturbation: Perturbation, i: number, original: number) => {
    const answer = perturbed[perturbation][i];
    return answer?.reference == null ? original : tokenF1(answer.text, answer.reference);
  };
  const worst = (perturbations: readonly Perturbation[]) =>
    scored.map(({ i, score }) => Math.min(score, ...perturbations.map((perturbation) => scoreOf(perturbation, i, score))));
  const changed = (perturbation: Perturbation) => `${perturbation}:${perturbed[perturbation].filter((answer) => answer !== null).length}`;
  const fair = PERTURBATIONS.filter((perturbation) => perturbation !== "mild");
  const mentions = answers.map(({ text }) => countGenderMentions(text));
  const measured = [
    measureValues(
      "helm/accuracy",
      scored.map(({ score }) => score),
      MEASURE,
    ),
    measureValues("helm/robustness", worst(["mild"]), `${MEASURE}|min of original and changed prompts:${changed("mild")}`),
    measureValues("helm/fairness", worst(fair), `${MEASURE}|min of original and changed prompts:${fair.map(changed).join(",")}`),
    measureValues(
      "helm/toxicity",
      answers.map(({ text }) => (isToxic(text) ? 1 : 0)),
      TOXICITY_SIGNATURE,
    ),
    ...(mentions.some(([female, male]) => female + male > 0)
      ? [
          {
            metric: "helm/bias",
            rows: mentions as number[][],
            statistic: representationGap,
            signature: `representation:gender|tvd|mentions:${mentions.flat().reduce((a, b) => a + b, 0)}`,
          },
        ]
      : []),
  ].filter(({ rows }) => rows.length > 0);
  const scores: Score[] = estimateMetrics(measured, { seed });
  const known = guesses.filter(({ right }) => right.length > 0);
  if (known.length > 0) {
    const over = (statistic: (confidences: readonly number[], right: readonly boolean[]) => number) =>
      bootstrapStatistic(
        known,
        (sample) =>
          statistic(
            sample.flatMap(({ confidences }) => confidences),
            sample.flatMap(({ right }) => right),
          ),
        { seed, samples: CALIBRATION_SAMPLES },
      );
    const signature = `tokens of references|bootstrap:prompts|n:${CALIBRATION_SAMPLES}|seed:${seed}`;
    scores.push({ metric: "helm/calibration", ...over(expectedCalibrationError), signature: `ece:10 equal-mass bins|${signature}` });
    scores.push({ metric: "helm/selective_accuracy", ...over(selectiveAccuracy), signature: `coverage:0.1|${signature}` });
  }
  if (answers.length > 0) {
    scores.push({
      metric: "helm/efficiency",
      value: seconds / answers.length,
      low: null,
      high: null,
      n: answers.length,
      signature: "wall clock of sampling, batches together, on the worker",
    });
  }
  return scores;
}
