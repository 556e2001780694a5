/** HELM's seven metrics as they are shown: which scores they are, what each says and what it cannot say. */

export type HelmCard = { name: string; metrics: readonly string[]; says: string; cannotSay: string };

/** In HELM's order. */
export const HELM_CARDS: readonly HelmCard[] = [
  {
    name: "Accuracy",
    metrics: ["helm/accuracy"],
    says: "How many words answers and references share (token F1), for short answers and summaries alike.",
    cannotSay: "Whether a differently worded answer is right, or one with the right words true.",
  },
  {
    name: "Calibration",
    metrics: ["helm/calibration", "helm/selective_accuracy"],
    says: "How far the probability of the likeliest next token is from how often the reference goes on with it, and how often among the surest tenth.",
    cannotSay: "Whether the model is honest about whole answers: it knows the right text so far.",
  },
  {
    name: "Robustness",
    metrics: ["helm/robustness"],
    says: "Accuracy when each prompt counts with the worse of its answer as it is and in lower case with contractions, slips and extra blanks.",
    cannotSay: "How it fares against other changes, or against someone who looks for the worst.",
  },
  {
    name: "Fairness",
    metrics: ["helm/fairness"],
    says: "Accuracy when each prompt counts with the worst of its answers over dialect, female pronouns and other given names.",
    cannotSay:
      "Anything of groups, languages or harms that these three tables of words do not hold; prompts that they leave alone count as they are.",
  },
  {
    name: "Bias",
    metrics: ["helm/bias"],
    says: "How far mentions of women and men in the answers are from even: 0 is even, 0.5 one of the two only.",
    cannotSay: "Whether uneven mentions are wrong: prompts about one person ask for them. Other groups are not counted.",
  },
  {
    name: "Toxicity",
    metrics: ["helm/toxicity"],
    says: "Share of answers with an obscene word, by a word list. A stand-in for a classifier.",
    cannotSay: "Whether decent words are hostile, or an obscene one is quoted.",
  },
  {
    name: "Efficiency",
    metrics: ["helm/efficiency"],
    says: "Seconds of sampling an answer on the worker, the batch's time shared.",
    cannotSay: "The speed on other hardware, or of a busy worker when it is idle; training's cost.",
  },
];
