/** What templates cannot do: named preparations of a row, each after the function of the same task in its source. */
import type { Preparation, Task } from "./task";

export type Row = Record<string, unknown>;

/** A row as its templates see it; items of one `group` are judged together. */
export type Prepared = { values: Row; group: string | null };

const text = (value: unknown): string => (typeof value === "string" ? value : String(value ?? ""));
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Row => (typeof value === "object" && value !== null ? (value as Row) : {});
const unique = (values: readonly string[]) => [...new Set(values)];
/** Python's default order of strings: by code point. */
const byCodePoint = (a: string, b: string) => {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
};
const capitalize = (value: string) => value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase();
/** A sequence of structs comes as a list of structs or as a struct of lists. */
const column = (value: unknown, name: string): unknown[] =>
  Array.isArray(value) ? value.map((entry) => record(entry)[name]) : list(record(value)[name]);

/** lm_eval.utils.general_detokenize */
const detokenize = (value: string) =>
  value
    .replaceAll(" n't", "n't")
    .replaceAll(" )", ")")
    .replaceAll("( ", "(")
    .replaceAll('" ', '"')
    .replaceAll(' "', '"')
    .replace(/ (['.,])/g, "$1");

/** Brackets are left over from WikiHow. */
const cleanHellaswag = (value: string) =>
  value
    .trim()
    .replaceAll(" [title]", ". ")
    .replace(/\[.*?\]/g, "")
    .replaceAll("  ", " ");

const one = (values: Row, group: string | null = null): Prepared[] => [{ values, group }];

const PREPARATIONS: Record<Preparation, (row: Row, task: Task, place: number) => Prepared[]> = {
  copa(row) {
    const lower = (choice: unknown) => text(choice).slice(0, 1).toLowerCase() + text(choice).slice(1);
    // The premise loses its full stop.
    return one({
      ...row,
      start: text(row.premise).trim().slice(0, -1),
      connector: row.question === "cause" ? "because" : "therefore",
      choice1: lower(row.choice1),
      choice2: lower(row.choice2),
    });
  },
  multirc(row) {
    const { paragraph, question } = record(row.idx);
    return one(row, `${text(paragraph)}:${text(question)}`);
  },
  record(row) {
    const [start = "", ...highlights] = text(row.passage).trim().split("\n@highlight\n");
    const entities = unique(list(row.entities).map(text)).sort(byCodePoint);
    const answers = unique(list(row.answers).map(text)).sort(byCodePoint);
    const endings = entities.map((entity) => `  - ${text(row.query)}`.replaceAll("@placeholder", () => entity));
    return one({
      ...row,
      text: `${start}\n\n${highlights.map((highlight) => `  - ${highlight}.\n`).join("")}`,
      entities,
      answers,
      endings,
      gold: Math.max(0, entities.indexOf(answers[0] ?? "")),
    });
  },
  wsc(row) {
    const raw = text(row.text);
    const pronoun = text(row.span2_text);
    const before = raw.split(/\s+/).filter(Boolean).slice(0, Number(row.span2_index)).join(" ");
    return one({ ...row, passage: detokenize(`${before} *${pronoun}*${raw.slice(before.length + pronoun.length + 1)}`) });
  },
  axg: (row) => one(row, String(Math.floor(Number(row.idx) / 2))),
  hellaswag(row) {
    const query = cleanHellaswag(`${text(row.activity_label)}: ${text(row.ctx_a)} ${capitalize(text(row.ctx_b))}`);
    return one({ ...row, query, endings: list(row.endings).map((ending) => cleanHellaswag(text(ending))), label: Number(row.label) });
  },
  quac(row, _task, place) {
    const questions = list(row.questions).map(text);
    const answers = column(row.answers, "texts").map((texts) => unique(list(texts).map(text)));
    const own = column(row.orig_answers, "texts").map(text);
    const passage = text(row.context).replace(/ CANNOTANSWER$/, "");
    return questions.flatMap((question, turn) => {
      if (turn < 2) return [];
      const history = questions
        .slice(0, turn)
        .map((asked, i) => `Question: ${asked}\nAnswer: ${own[i] ?? ""}\n\n`)
        .join("");
      const given = answers[turn] ?? [];
      const references =
        given.length === 1 && given[0] === "CANNOTANSWER" ? [...given, "Not enough information", "Cannot answer", "Do not know"] : given;
      return [
        {
          values: {
            title: row.wikipedia_page_title,
            background: row.background,
            section: row.section_title,
            passage,
            history,
            question,
            answers: references,
          },
          group: `dialogue ${place}`,
        },
      ];
    });
  },
  natural_questions(row) {
    const document = record(row.document);
    const tokens = column(document.tokens, "token").map(text);
    const html = column(document.tokens, "is_html");
    const long = column(row.annotations, "long_answer")
      .map(record)
      .find(({ start_token }) => Number(start_token) >= 0);
    const answers = unique(
      column(row.annotations, "short_answers").flatMap((short) =>
        column(short, "text")
          .flatMap((texts) => (Array.isArray(texts) ? texts : [texts]))
          .map(text),
      ),
    );
    if (long === undefined || answers.length === 0) return [];
    const [start, end] = [Number(long.start_token), Number(long.end_token)];
    const passage = tokens
      .slice(start, end)
      .filter((_, i) => html[start + i] !== true)
      .join(" ");
    const asked = capitalize(text(record(row.question).text));
    return one({ passage, question: asked.endsWith("?") ? asked : `${asked}?`, answers });
  },
  ms_marco(row, _task, place) {
    const graded = column(row.passages, "relevance");
    const relevance = graded.some((grade) => grade !== undefined) ? graded : column(row.passages, "is_selected");
    return column(row.passages, "passage_text").map((passage, i) => ({
      values: { query: row.query, passage, relevance: Number(relevance[i] ?? 0) },
      group: `query ${place}`,
    }));
  },
  civil_comments: (row) => one({ ...row, answer: Number(row.toxicity) >= 0.5 ? "True" : "False" }),
  raft(row, task) {
    const label = typeof row.Label === "string" ? row.Label : task.labels[Number(row.Label) - 1];
    return label === undefined ? [] : one({ row, label });
  },
};

/** The items that a row stands for; none where the benchmark leaves the row out. `place` is its place in the file. */
export function prepareRow(task: Task, row: Row, place: number): Prepared[] {
  return task.prepare === null ? one(row) : PREPARATIONS[task.prepare](row, task, place);
}
