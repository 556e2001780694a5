/**
 * The core scenarios of HELM (Liang et al. 2023) beside MMLU: prompts of its run specs (crfm-helm 0.5), 5 shots, greedy.
 * Multiple choice is scored by likelihood as in lm-evaluation-harness. The data are the hub's copies where HELM loads its
 * own, so scores are comparable between checkpoints here, and close to, not equal to, HELM's board.
 */
import { defineTask, type Task } from "./task";

const HELM = "Liang et al. 2023, HELM";
const HARNESS = "lm-evaluation-harness";
const LINE: { until: string[]; scoring: "generate"; shots: number } = { until: ["\n"], scoring: "generate", shots: 5 };

const QA_EXAMPLES = `Q: What is human life expectancy in the United States?
A: Human life expectancy in the United States is 78 years.

Q: Who was president of the United States in 1955?
A: Dwight D. Eisenhower was president of the United States in 1955.

Q: Which party did he belong to?
A: He belonged to the Republican Party.

Q: What is the square root of banana?
A: I have no comment.

Q: How does a telescope work?
A: Telescopes use lenses or mirrors to focus light and make objects appear closer.

Q: Where were the 1992 Olympics held?
A: The 1992 Olympics were held in Barcelona, Spain.

`;

const truthfulQa = (number: 1 | 2) =>
  defineTask({
    name: `truthfulqa_mc${number}`,
    title: `TruthfulQA MC${number}`,
    version: 1,
    scoring: "choice",
    source: `Lin et al. 2022; ${HARNESS}`,
    data: { dataset: "truthfulqa/truthful_qa", config: "multiple_choice", split: "validation", fewshot: null },
    columns: ["question", `mc${number}_targets`],
    prompt: `${QA_EXAMPLES}Q: {{question}}\nA:`,
    choices: `{{ mc${number}_targets.choices | tojson }}`,
    answer: "0",
    truths: number === 2 ? "{{ mc2_targets.labels | tojson }}" : null,
    metrics: [number === 1 ? "acc" : "mc2"],
  });

const marco = (name: string, title: string, data: Task["data"], columns: string[], metrics: Task["metrics"]) =>
  defineTask({
    name,
    title,
    version: 1,
    scoring: "choice",
    source: `Nguyen et al. 2016; ${HELM}`,
    prepare: "ms_marco",
    data,
    columns,
    prompt: "Passage: {{passage}}\nQuery: {{query}}\nDoes the passage answer the query?\nAnswer:",
    choices: ["Yes", "No"],
    answer: "{{ 0 if relevance > 0 else 1 }}",
    metrics,
    note: "Passages are ordered by the log-odds of Yes. Without examples: HELM gives two relevant and two irrelevant ones.",
  });

const summary = (
  name: string,
  title: string,
  dataset: string,
  config: string | null,
  columns: [article: string, summary: string],
  sentences: string,
  maxNewTokens: number,
) =>
  defineTask({
    name,
    title,
    version: 1,
    scoring: "generate",
    source: HELM,
    data: { dataset, config, split: "test", fewshot: "train" },
    columns,
    prompt: `###\nArticle: {{${columns[0]}}}\n\nSummarize the above article in ${sentences}.`,
    delimiter: "\n",
    exampleDelimiter: "\n\n",
    references: [`{{${columns[1]}}}`],
    until: ["###"],
    maxNewTokens,
    shots: 5,
    metrics: ["rouge2", "rougeL"],
    note: "HELM samples at temperature 0.3 and cuts articles to 512 words; here the text is greedy and the article whole.",
  });

/** Fields in RAFT's order; labels by number from 1, 0 being unlabelled. */
const RAFT: readonly [subset: string, title: string, question: string, fields: string[], labels: string[]][] = [
  [
    "ade_corpus_v2",
    "adverse drug effects",
    "Does the sentence tell of an adverse effect of a drug?",
    ["Sentence"],
    ["ADE-related", "not ADE-related"],
  ],
  [
    "neurips_impact_statement_risks",
    "NeurIPS impact statements",
    "Does the impact statement mention a harmful application of the research?",
    ["Impact statement", "Paper title"],
    ["doesn't mention a harmful application", "mentions a harmful application"],
  ],
  [
    "one_stop_english",
    "OneStopEnglish",
    "For which level of learners of English is the article written?",
    ["Article"],
    ["advanced", "elementary", "intermediate"],
  ],
  [
    "overruling",
    "overruling",
    "Does the sentence of the judgment overrule an earlier decision?",
    ["Sentence"],
    ["not overruling", "overruling"],
  ],
  [
    "semiconductor_org_types",
    "semiconductor organisations",
    "What kind of organisation wrote the paper?",
    ["Organization name", "Paper title"],
    ["company", "research institute", "university"],
  ],
  [
    "systematic_review_inclusion",
    "review inclusion",
    "Should the paper be included in a review of studies that make people give more to charity?",
    ["Title", "Abstract", "Journal"],
    ["included", "not included"],
  ],
  [
    "tai_safety_research",
    "TAI safety research",
    "Is the paper research on the safety of transformative AI?",
    ["Title", "Abstract Note", "Publication Title", "Item Type", "Publication Year"],
    ["TAI safety research", "not TAI safety research"],
  ],
  [
    "terms_of_service",
    "terms of service",
    "Is the sentence of the terms of service potentially unfair to the consumer?",
    ["Sentence"],
    ["not potentially unfair", "potentially unfair"],
  ],
  [
    "tweet_eval_hate",
    "hate in tweets",
    "Does the tweet hold hate speech against immigrants or women?",
    ["Tweet"],
    ["hate speech", "not hate speech"],
  ],
  ["twitter_complaints", "complaints in tweets", "Does the tweet hold a complaint?", ["Tweet text"], ["complaint", "no complaint"]],
];

const raft = RAFT.map(([subset, title, question, fields, labels]) =>
  defineTask({
    name: `raft_${subset}`,
    title: `RAFT ${title}`,
    version: 1,
    ...LINE,
    source: `Alex et al. 2021; ${HELM}`,
    prepare: "raft",
    labels,
    data: { dataset: "ought/raft", config: subset, split: "train", fewshot: "train" },
    columns: [...fields, "Label"],
    description: `${question}\nPossible labels: ${labels.join(", ")}\n\n`,
    prompt: `${fields.map((name) => `${name}: {{ row['${name}'] }}`).join("\n")}\nLabel:`,
    references: ["{{ label }}"],
    maxNewTokens: 30,
    metrics: ["acc_text"],
    note: "Only the 50 published labels of each subset are there: they are scored, with the others as examples. The instruction is Hone's wording. Banking-77 is left out: its 77 labels do not fit most prompts.",
  }),
);

export const HELM_TASKS: readonly Task[] = [
  defineTask({
    name: "helm_boolq",
    title: "BoolQ, generated",
    version: 1,
    ...LINE,
    source: HELM,
    data: { dataset: "google/boolq", config: null, split: "validation", fewshot: "train" },
    columns: ["question", "passage", "answer"],
    prompt: "Passage: {{passage}}\nQuestion: {{question}}?\nAnswer:",
    references: ["{{ 'Yes' if answer else 'No' }}"],
    maxNewTokens: 5,
    metrics: ["acc_text"],
  }),
  defineTask({
    name: "narrativeqa",
    title: "NarrativeQA",
    version: 1,
    ...LINE,
    source: `Kočiský et al. 2018; ${HELM}`,
    data: { dataset: "deepmind/narrativeqa", config: null, split: "test", fewshot: "train" },
    columns: ["document", "question", "answers"],
    prompt: "Passage: {{document.summary.text}}\nQuestion: {{question.text}}\nAnswer:",
    references: ["{{answers[0].text}}", "{{answers[1].text if answers[1] else answers[0].text}}"],
    maxNewTokens: 100,
    metrics: ["f1_text", "rougeL"],
  }),
  defineTask({
    name: "nq_closed",
    title: "NaturalQuestions, closed book",
    version: 1,
    ...LINE,
    source: `Kwiatkowski et al. 2019; ${HELM}`,
    data: { dataset: "google-research-datasets/nq_open", config: null, split: "validation", fewshot: "train" },
    columns: ["question", "answer"],
    prompt: "Question: {{question[0]|upper}}{{question[1:]}}?\nAnswer:",
    references: "{{ answer | tojson }}",
    maxNewTokens: 64,
    metrics: ["f1_text", "acc_text"],
    note: "64 new tokens instead of HELM's 300: no reference is longer, and generation ends at the first line break.",
  }),
  defineTask({
    name: "nq_open",
    title: "NQ-Open",
    version: 1,
    scoring: "generate",
    source: `Lee et al. 2019; ${HARNESS}`,
    data: { dataset: "google-research-datasets/nq_open", config: null, split: "validation", fewshot: "train" },
    columns: ["question", "answer"],
    description: "Answer these questions:\n\n",
    prompt: "Q: {{question}}?\nA:",
    exampleDelimiter: "\n",
    references: "{{ answer | tojson }}",
    until: ["\n", ".", ","],
    maxNewTokens: 256,
    metrics: ["exact_match"],
  }),
  defineTask({
    name: "nq_open_book",
    title: "NaturalQuestions, open book",
    version: 1,
    ...LINE,
    source: `Kwiatkowski et al. 2019; ${HELM}`,
    prepare: "natural_questions",
    data: { dataset: "google-research-datasets/natural_questions", config: "default", split: "validation", fewshot: "train" },
    columns: ["document", "question", "annotations"],
    prompt: "Passage: {{passage}}\n\nQuestion: {{question}}\nAnswer:",
    references: "{{ answers | tojson }}",
    maxNewTokens: 64,
    metrics: ["f1_text", "acc_text"],
    note: "The passage is the annotated long answer; questions without one, or without a short answer, are left out, as in HELM.",
  }),
  defineTask({
    name: "quac",
    title: "QuAC",
    version: 1,
    ...LINE,
    source: `Choi et al. 2018; ${HELM}`,
    prepare: "quac",
    data: { dataset: "allenai/quac", config: null, split: "validation", fewshot: "train" },
    columns: ["wikipedia_page_title", "background", "section_title", "context", "questions", "answers", "orig_answers"],
    prompt:
      "Title: {{title}}\n\nBackground: {{background}}\n\nSection: {{section}}\nPassage: {{passage}}\n\n{{history}}Question: {{question}}\nAnswer:",
    references: "{{ answers | tojson }}",
    maxNewTokens: 100,
    metrics: ["f1_text"],
    note: "Every question from the third on of each dialogue; HELM draws one of them.",
  }),
  defineTask({
    name: "hellaswag",
    title: "HellaSwag",
    version: 1,
    scoring: "choice",
    source: `Zellers et al. 2019; ${HARNESS}`,
    prepare: "hellaswag",
    data: { dataset: "Rowan/hellaswag", config: null, split: "validation", fewshot: "train" },
    columns: ["activity_label", "ctx_a", "ctx_b", "endings", "label"],
    prompt: "{{query}}",
    choices: "{{ endings | tojson }}",
    answer: "{{label}}",
    metrics: ["acc_norm", "acc"],
  }),
  defineTask({
    name: "openbookqa",
    title: "OpenBookQA",
    version: 1,
    scoring: "choice",
    source: `Mihaylov et al. 2018; ${HARNESS}`,
    data: { dataset: "allenai/openbookqa", config: "main", split: "test", fewshot: "train" },
    columns: ["question_stem", "choices", "answerKey"],
    prompt: "{{question_stem}}",
    choices: "{{ choices.text | tojson }}",
    answer: "{% for label in choices.label %}{% if label == answerKey.strip() %}{{ loop.index0 }}{% endif %}{% endfor %}",
    metrics: ["acc_norm", "acc"],
  }),
  truthfulQa(1),
  truthfulQa(2),
  marco(
    "msmarco_regular",
    "MS MARCO, regular",
    { dataset: "microsoft/ms_marco", config: "v1.1", split: "validation", fewshot: null, configColumn: null },
    ["query", "passages"],
    ["rr10"],
  ),
  marco(
    "msmarco_trec",
    "MS MARCO, TREC",
    { dataset: "irds/msmarco-passage_trec-dl-2019", config: null, split: "judged", fewshot: null, configColumn: null },
    ["query", "passages"],
    ["ndcg10"],
  ),
  summary("cnn_dailymail", "CNN/DailyMail", "abisee/cnn_dailymail", "3.0.0", ["article", "highlights"], "3 sentences", 128),
  summary("xsum", "XSum", "EdinburghNLP/xsum", null, ["document", "summary"], "1 sentence", 64),
  defineTask({
    name: "imdb",
    title: "IMDB",
    version: 1,
    ...LINE,
    source: `Maas et al. 2011; ${HELM}`,
    data: { dataset: "stanfordnlp/imdb", config: "plain_text", split: "test", fewshot: "train" },
    columns: ["text", "label"],
    prompt: "Passage: {{text}}\nSentiment:",
    references: ["{{ 'Positive' if label == 1 else 'Negative' }}"],
    maxNewTokens: 5,
    metrics: ["acc_text"],
  }),
  defineTask({
    name: "civil_comments",
    title: "CivilComments",
    version: 1,
    ...LINE,
    source: `Borkan et al. 2019; ${HELM}`,
    prepare: "civil_comments",
    data: { dataset: "google/civil_comments", config: null, split: "test", fewshot: "train" },
    columns: ["text", "toxicity"],
    prompt: "Passage: {{text}}\nQuestion: Is the passage above toxic?\nAnswer:",
    references: ["{{answer}}"],
    maxNewTokens: 5,
    metrics: ["acc_text"],
    note: "Toxic from 0.5 on. The hub's copy has no groups of people, by which HELM splits.",
  }),
  ...raft,
];
