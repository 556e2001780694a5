/**
 * TRL's dataset formats, written: preference (explicit and implicit prompt), and SFT (messages, or prompt and
 * completion), each with strings or with message lists. Source: TRL documentation, "Dataset formats and types".
 *
 * Columns beside TRL's (split, group, judgement_id, margin) keep the lineage; its trainers ignore what they do not
 * know, except `margin`, which RewardTrainer subtracts inside the sigmoid.
 */
import type { DatasetRow, PreferenceRow, SftRow } from "../dataset";
import type { Message } from "../prompt";
import { writeTranscript } from "./hh-rlhf";

/** `ranks[i]` belongs to `completions[i]`; every strictly ordered pair, best first, in a fixed order. Ties give none. */
export function expandPairs({ completions, ranks }: Pick<PreferenceRow, "completions" | "ranks">): { chosen: string; rejected: string }[] {
  return orderedPairs(ranks).map(([a, b]) => ({ chosen: completions[a] ?? "", rejected: completions[b] ?? "" }));
}

/** Places of the better and the worse. */
function orderedPairs(ranks: readonly number[]): [better: number, worse: number][] {
  const order = [...ranks.keys()].sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b);
  return order.flatMap((a, place) =>
    order.slice(place + 1).flatMap((b): [number, number][] => ((ranks[a] ?? 0) < (ranks[b] ?? 0) ? [[a, b]] : [])),
  );
}

export type TextShape = "messages" | "string";

const assistant = (content: string): Message => ({ role: "assistant", content });

/** A prompt as one string: its text where it is one user message, otherwise an hh-rlhf transcript that awaits an answer. */
export function promptToString(messages: readonly Message[]): string {
  const [first, ...rest] = messages;
  return first?.role === "user" && rest.length === 0 ? first.content : `${writeTranscript(messages)}\n\nAssistant:`;
}

type Lineage = { split: string; group: string; judgement_id: string | null };

const lineage = (row: DatasetRow): Lineage => ({ split: row.split, group: row.groupKey, judgement_id: row.judgementId });

/**
 * One object for each ordered pair of the row; those of one ranking share `judgement_id`. Implicit prompts are part of
 * chosen and rejected: as messages, or as hh-rlhf transcripts.
 */
export function toTrlPreference(
  row: DatasetRow<PreferenceRow>,
  options: { prompt: "explicit" | "implicit"; shape: TextShape },
): Record<string, unknown>[] {
  const { messages, margin, completions, turns, ranks } = row.content;
  const answer = (i: number): Message[] => turns?.[i] ?? [assistant(completions[i] ?? "")];
  const extra = { ...(margin === null ? {} : { margin }), ...lineage(row) };
  return orderedPairs(ranks).map(([a, b]) => {
    if (options.prompt === "explicit") {
      return options.shape === "messages"
        ? { prompt: messages, chosen: answer(a), rejected: answer(b), ...extra }
        : { prompt: promptToString(messages), chosen: completions[a] ?? "", rejected: completions[b] ?? "", ...extra };
    }
    const whole = (i: number) => [...messages, ...answer(i)];
    return options.shape === "messages"
      ? { chosen: whole(a), rejected: whole(b), ...extra }
      : { chosen: writeTranscript(whole(a)), rejected: writeTranscript(whole(b)), ...extra };
  });
}

/** Language modelling (`messages`) or prompt and completion. */
export function toTrlSft(
  row: DatasetRow<SftRow>,
  options: { layout: "messages" | "prompt-completion"; shape: TextShape },
): Record<string, unknown> {
  const { messages, completion } = row.content;
  if (options.layout === "messages") return { messages: [...messages, assistant(completion)], ...lineage(row) };
  return options.shape === "messages"
    ? { prompt: messages, completion: [assistant(completion)], ...lineage(row) }
    : { prompt: promptToString(messages), completion, ...lineage(row) };
}
