/** MMLU (Hendrycks et al. 2021): 57 subjects, 5 shots from the dev split in file order, prompts of lm-evaluation-harness. */
import { defineTask, type Task } from "./task";

export const MMLU_CATEGORIES = {
  stem: [
    "abstract_algebra",
    "anatomy",
    "astronomy",
    "college_biology",
    "college_chemistry",
    "college_computer_science",
    "college_mathematics",
    "college_physics",
    "computer_security",
    "conceptual_physics",
    "electrical_engineering",
    "elementary_mathematics",
    "high_school_biology",
    "high_school_chemistry",
    "high_school_computer_science",
    "high_school_mathematics",
    "high_school_physics",
    "high_school_statistics",
    "machine_learning",
  ],
  humanities: [
    "formal_logic",
    "high_school_european_history",
    "high_school_us_history",
    "high_school_world_history",
    "international_law",
    "jurisprudence",
    "logical_fallacies",
    "moral_disputes",
    "moral_scenarios",
    "philosophy",
    "prehistory",
    "professional_law",
    "world_religions",
  ],
  social_sciences: [
    "econometrics",
    "high_school_geography",
    "high_school_government_and_politics",
    "high_school_macroeconomics",
    "high_school_microeconomics",
    "high_school_psychology",
    "human_sexuality",
    "professional_psychology",
    "public_relations",
    "security_studies",
    "sociology",
    "us_foreign_policy",
  ],
  other: [
    "business_ethics",
    "clinical_knowledge",
    "college_medicine",
    "global_facts",
    "human_aging",
    "management",
    "marketing",
    "medical_genetics",
    "miscellaneous",
    "nutrition",
    "professional_accounting",
    "professional_medicine",
    "virology",
  ],
} as const;

const words = (subject: string) => subject.replaceAll("_", " ");

export const mmluTaskName = (subject: string) => `mmlu_${subject}`;

export const MMLU_TASKS: readonly Task[] = Object.values(MMLU_CATEGORIES)
  .flat()
  .map((subject) =>
    defineTask({
      name: mmluTaskName(subject),
      title: `MMLU ${words(subject)}`,
      version: 1,
      scoring: "choice",
      source: "Hendrycks et al. 2021; lm-evaluation-harness",
      data: { dataset: "cais/mmlu", config: subject, split: "test", fewshot: "dev", configColumn: "subject" },
      columns: ["question", "choices", "answer"],
      description: `The following are multiple choice questions (with answers) about ${words(subject)}.\n\n`,
      prompt: "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:",
      choices: ["A", "B", "C", "D"],
      answer: "{{answer}}",
      shots: 5,
      sampler: "first",
      metrics: ["acc"],
    }),
  );
