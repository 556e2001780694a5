/** Rows of an SFT dataset version as token ids: the chosen tasks, and what becomes of rows that are too long. */
import type { SftRow } from "../../domain/dataset";
import type { SftConfig } from "../../domain/run";
import { encodeExample, type Example, lengthOf } from "../algorithms/examples";
import type { Tokenizer } from "../tokenizer/tokenizer";

/** The rows of the tasks that are trained. Throws naming a task that no row has. */
export function rowsOfTasks(rows: SftRow[], tasks: readonly string[]): SftRow[] {
  if (tasks.length === 0) return rows;
  const known = new Set(rows.flatMap(({ task }) => task ?? []));
  const missing = tasks.find((task) => !known.has(task));
  if (missing !== undefined)
    throw new Error(
      `tasks: no training row is of the task "${missing}" (${known.size === 0 ? "the rows name no task" : `there are ${[...known].join(", ")}`})`,
    );
  return rows.filter(({ task }) => task !== undefined && tasks.includes(task));
}

/**
 * Cut to `maxLength` tokens of prompt and completion together; null where nothing is left to learn from. On the left
 * the prompt loses its beginning, on the right the completion its end.
 * Source: transformers' truncation_side; TRL's truncation_mode keep_end and keep_start.
 */
export function truncateExample(example: Example, maxLength: number, truncation: SftConfig["truncation"]): Example | null {
  const { promptIds, completionIds } = example;
  const over = lengthOf(example) - maxLength;
  if (over <= 0) return example;
  switch (truncation) {
    case "drop":
      return null;
    case "left": {
      // One token of the prompt stays: the first target needs something before it.
      const cut = Math.min(over, promptIds.length - 1);
      const rest = completionIds.slice(over - cut);
      return rest.length === 0 ? null : { ...example, promptIds: promptIds.slice(cut), completionIds: rest };
    }
    case "right": {
      const kept = completionIds.slice(0, Math.max(0, completionIds.length - over));
      return kept.length === 0 ? null : { ...example, completionIds: kept };
    }
    default:
      return truncation satisfies never;
  }
}

/** Encoded rows, and how many were cut. */
export async function encodeSftRows(
  tokenizer: Tokenizer,
  rows: readonly SftRow[],
  config: Pick<SftConfig, "maxLength" | "truncation">,
): Promise<{ examples: Example[]; cut: number }> {
  const examples: Example[] = [];
  let cut = 0;
  for (const { messages, completion, task } of rows) {
    const whole = await encodeExample(tokenizer, messages, completion);
    const example = truncateExample(whole, config.maxLength, config.truncation);
    if (example === null) continue;
    if (example !== whole) cut++;
    examples.push(task === undefined ? example : { ...example, task });
  }
  return { examples, cut };
}
