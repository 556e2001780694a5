/** From a task and its rows to the items that a model is asked: prompts with examples, choices, references. */
import { Template } from "@huggingface/jinja";
import { createRandom } from "../random";
import { type Prepared, prepareRow, type Row } from "./prepare";
import type { Task } from "./task";

export type TaskItem = {
  /** Where it comes from, for messages: split and row, counted from 1. */
  place: string;
  /** Items of one group are judged and resampled together. */
  group: string;
  /** Description, examples and prompt. */
  context: string;
  /** What is asked and the right answer, without examples: what decontamination looks for in the training data. */
  ownText: string;
  /** What may follow the context, delimiter included; empty for generated answers. */
  continuations: string[];
  /** The choices without delimiter: by whose length acc_norm divides. */
  choices: string[];
  /** Number of the right choice, or the human score of a correlation; NaN for generated answers. */
  gold: number;
  /** Texts of the choices, and which texts are right. */
  choiceTexts: string[];
  references: string[];
  /** 1 for each true choice (MC2). */
  truths: number[];
  /** Grade of a passage (MS MARCO). */
  relevance: number;
};

type Templates = { render: (values: Row) => string[] };

function compileTemplates(source: string | readonly string[], what: string): Templates {
  if (typeof source !== "string") {
    const templates = source.map((text) => new Template(text));
    return { render: (values) => templates.map((template) => template.render(values)) };
  }
  const template = new Template(source);
  return {
    render(values) {
      const parsed: unknown = JSON.parse(template.render(values));
      if (!Array.isArray(parsed)) throw new Error(`${what} is no list`);
      return parsed.map(String);
    },
  };
}

/** The functions that read one prepared row of a task. */
function compileTask(task: Task) {
  const prompt = new Template(task.prompt);
  const choices = task.scoring === "choice" ? compileTemplates(task.choices, "choices") : null;
  const answer = task.scoring === "choice" ? new Template(task.answer) : null;
  const choiceTexts = task.scoring === "choice" && task.choiceTexts !== null ? compileTemplates(task.choiceTexts, "choiceTexts") : null;
  const references = task.references === null ? null : compileTemplates(task.references, "references");
  const truths = task.scoring === "choice" && task.truths !== null ? compileTemplates(task.truths, "truths") : null;
  const graded = task.metrics.includes("pearson");
  return (values: Row) => {
    const offered = choices?.render(values) ?? [];
    const gold = answer === null ? Number.NaN : Number(answer.render(values).trim() || Number.NaN);
    if (answer !== null && !(graded ? Number.isFinite(gold) && gold >= 0 : Number.isInteger(gold) && gold >= 0 && gold < offered.length)) {
      throw new Error(
        `the answer "${answer.render(values).trim()}" is none of its ${offered.length} choices; a split without labels cannot be scored`,
      );
    }
    const right = references?.render(values) ?? [];
    if (task.scoring === "generate" && right.length === 0) throw new Error("there is no reference answer");
    return {
      prompt: prompt.render(values),
      choices: offered,
      gold,
      references: right,
      choiceTexts: choiceTexts?.render(values) ?? offered,
      truths: truths?.render(values).map(Number) ?? [],
      relevance: Number(values.relevance ?? 0),
      /** The right answer as an example shows it. */
      target: task.scoring === "generate" ? (right[0] ?? "") : (offered[graded ? Math.round(gold) : gold] ?? ""),
    };
  };
}

function requireColumns(task: Task, row: Row, place: string): void {
  for (const column of task.columns) {
    if (row[column] === undefined)
      throw new Error(`${task.name}, ${place}: column "${column}" is missing (there are ${Object.keys(row).join(", ") || "none"})`);
  }
}

export type BuildOptions = {
  shots: number;
  /** Rows from the start of the file; null for all. */
  limit: number | null;
  seed: number;
};

/**
 * The items of the first `limit` rows. Examples come from `fewshotRows`: its first rows, or drawn for each item by the
 * seed and the item's place, never the item itself. Fewer rows than `shots` give fewer examples.
 * Throws naming task, split, row and what is wrong with it.
 */
export function buildItems(
  task: Task,
  rows: readonly Row[],
  fewshotRows: readonly Row[],
  { shots, limit, seed }: BuildOptions,
): TaskItem[] {
  const read = compileTask(task);
  const guard = <T>(place: string, fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      throw new Error(`${task.name}, ${place}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  };
  const placeOf = (split: string | null, index: number) => `${split ?? "?"} row ${index + 1}`;
  const prepare = (row: Row, split: string | null, index: number): Prepared[] => {
    requireColumns(task, row, placeOf(split, index));
    return guard(placeOf(split, index), () => prepareRow(task, row, index));
  };
  const examples = new Map<number, string | null>();
  /** One row as an example; null where the task leaves it out. */
  const exampleOf = (index: number): string | null => {
    const known = examples.get(index);
    if (known !== undefined) return known;
    const [prepared] = prepare(fewshotRows[index] ?? {}, task.data.fewshot, index);
    const made =
      prepared === undefined
        ? null
        : guard(placeOf(task.data.fewshot, index), () => {
            const { prompt, target } = read(prepared.values);
            return `${prompt}${task.delimiter}${target}${task.exampleDelimiter}`;
          });
    examples.set(index, made);
    return made;
  };
  const own = task.data.fewshot === task.data.split;
  const drawExamples = (index: number): string => {
    if (shots === 0) return "";
    const order = task.sampler === "first" ? fewshotRows.keys() : drawOrder(fewshotRows.length, seed, `${task.name}:${index}`);
    const drawn: string[] = [];
    for (const candidate of order) {
      if (drawn.length === shots) break;
      if (own && candidate === index) continue;
      const example = exampleOf(candidate);
      if (example !== null) drawn.push(example);
    }
    return drawn.join("");
  };
  return rows.slice(0, limit ?? rows.length).flatMap((row, index) => {
    const place = placeOf(task.data.split, index);
    const prepared = prepare(row, task.data.split, index);
    const start = prepared.length === 0 ? "" : task.description + drawExamples(index);
    return prepared.map(
      ({ values, group }): TaskItem =>
        guard(place, () => {
          const { prompt, target, choices, ...rest } = read(values);
          return {
            place,
            group: group ?? place,
            context: start + prompt,
            ownText: `${prompt}${task.delimiter}${target}`,
            choices,
            continuations: choices.map((choice) => task.delimiter + choice),
            ...rest,
          };
        }),
    );
  });
}

/** All of 0 to n - 1, each once, in random order, drawn one at a time: a few of many are cheap. */
function* drawOrder(n: number, seed: number, stream: string): Generator<number> {
  const random = createRandom(seed, stream);
  const moved = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const j = i + random.int(n - i);
    const drawn = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    yield drawn;
  }
}
