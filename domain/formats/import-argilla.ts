/**
 * Records of Argilla: fields with a prompt and its answers, and what each user said. Three shapes are read: responses as
 * a list of {user_id, status, value}, the same with `values` by question, and by question as its Python client writes
 * them. A ranking is [{rank, value}] with names of fields, equal ranks tie; a label names the better field. Drafts and
 * discarded responses are left out.
 */
import { describe, Fields, parseMessages, parsePlace, type ParsedRow, RowError } from "./import-row";

type Said = { user: string | null; value: unknown };
const PROMPT_FIELDS = ["prompt", "instruction", "messages", "input", "context", "question"];

const asObject = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;

function readResponses(given: unknown): Said[] {
  if (Array.isArray(given)) {
    return given.flatMap((entry: unknown): Said[] => {
      const response = asObject(entry);
      if (response === null || (response.status !== undefined && response.status !== "submitted")) return [];
      const user = typeof response.user_id === "string" ? response.user_id : null;
      const values = asObject(response.values);
      return values === null
        ? [{ user, value: response.value }]
        : Object.values(values).map((answer) => ({ user, value: asObject(answer)?.value ?? answer }));
    });
  }
  return Object.values(asObject(given) ?? {}).flatMap(readResponses);
}

/** Ranks of `names` as one response gives them; null for an answer to another question. */
function readRanks(value: unknown, names: readonly string[]): number[] | null {
  if (typeof value === "string") return names.includes(value) ? names.map((name) => (name === value ? 1 : 2)) : null;
  if (!Array.isArray(value)) return null;
  const ranks = new Map<string, number>();
  for (const entry of value as unknown[]) {
    const { rank, value: name } = asObject(entry) ?? {};
    if (typeof name !== "string" || !names.includes(name)) return null;
    if (!Number.isInteger(rank) || Number(rank) < 1)
      throw new RowError(`responses: expected a rank from 1 (best) for ${name}, not ${describe(rank)}`);
    ranks.set(name, Number(rank));
  }
  if (ranks.size !== names.length) throw new RowError(`responses: a ranking has ${ranks.size} of the ${names.length} answers`);
  const steps = [...new Set(ranks.values())].sort((a, b) => a - b);
  return names.map((name) => steps.indexOf(ranks.get(name) ?? 0) + 1);
}

/** A row for each submitted response that ranks the record's answers. Throws a RowError where there is none. */
export function parseArgilla(row: Record<string, unknown>): ParsedRow[] {
  const record = new Fields(row);
  const given = asObject(record.take("fields"));
  if (given === null) throw new RowError("fields: expected an object with the prompt and its answers");
  const promptName = PROMPT_FIELDS.find((name) => given[name] !== undefined);
  if (promptName === undefined) throw new RowError(`fields: expected one of ${PROMPT_FIELDS.join(", ")}`);
  const messages = parseMessages(`fields.${promptName}`, given[promptName]) ?? [
    { role: "user" as const, content: new Fields(given).text(promptName) },
  ];
  const names = Object.keys(given).filter((name) => name !== promptName && typeof given[name] === "string");
  if (names.length < 2 || names.length > 9) throw new RowError(`fields: expected 2 to 9 answers beside ${promptName}, not ${names.length}`);
  const texts = names.map((name) => new Fields(given).text(name));
  if (new Set(texts.map((text) => text.trim())).size < texts.length) throw new RowError("two of the answers have the same text");
  const metadata = asObject(record.take("metadata")) ?? {};
  const completions = names.map((name, i) => ({
    text: texts[i] ?? "",
    model: typeof metadata[`${name}_model`] === "string" ? String(metadata[`${name}_model`]) : null,
  }));
  const prompt = { messages, reference: null, ...parsePlace(new Fields(metadata)), meta: {} };
  for (const name of ["id", "suggestions", "vectors", "status", "inserted_at", "updated_at", "_server_id"]) record.take(name);
  const votes = readResponses(record.take("responses")).flatMap(({ user, value }) => {
    const ranks = readRanks(value, names);
    return ranks === null ? [] : [{ user, ranks }];
  });
  if (votes.length === 0) throw new RowError("responses: no submitted response ranks the answers");
  const unused = record.unused();
  return votes.map(({ user, ranks }) => ({
    prompt,
    completion: null,
    comparison: { completions, ranks, margin: null, annotator: user },
    unused,
  }));
}
