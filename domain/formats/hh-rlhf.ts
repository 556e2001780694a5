/**
 * Transcripts of Anthropic's hh-rlhf (Bai et al. 2022): turns begin with "\n\nHuman:" and "\n\nAssistant:". A chosen
 * and a rejected transcript share everything up to their last answer.
 */
import type { Message } from "../prompt";

const MARKS = { user: "Human", assistant: "Assistant", system: "System" } as const;

/** One string, each turn as "\n\nHuman: ..." or "\n\nAssistant: ...". */
export function writeTranscript(messages: readonly Message[]): string {
  return messages.map(({ role, content }) => `\n\n${MARKS[role]}: ${content}`).join("");
}

/** The turns that follow a prompt, from an answer to an answer, as one text: what hh-rlhf has after "\n\nAssistant: ". */
export function writeContinuation(turns: readonly Message[]): string {
  const [first, ...rest] = turns;
  return `${first?.content ?? ""}${writeTranscript(rest)}`;
}

/** Whether `text` starts as a transcript does. */
export function isTranscript(text: string): boolean {
  return /^\s*(Human|System):/.test(text);
}

/** The turns of a transcript; an empty last answer ("Assistant:") is left out. Throws an Error that says what is wrong. */
export function parseTranscript(text: string): Message[] {
  const turns = [...text.matchAll(/(?:^|\n\n)(Human|Assistant|System):/g)];
  const first = turns[0];
  if (first === undefined) throw new Error('expected a transcript with "\\n\\nHuman:" and "\\n\\nAssistant:" turns');
  if (text.slice(0, first.index).trim() !== "") throw new Error("the transcript has text before its first turn");
  const messages: Message[] = [];
  turns.forEach((turn, index) => {
    const content = text.slice(turn.index + turn[0].length, turns[index + 1]?.index ?? text.length).trim();
    const role = turn[1] === "Human" ? "user" : turn[1] === "System" ? "system" : "assistant";
    if (content === "") {
      if (index === turns.length - 1) return;
      throw new Error(`turn ${index + 1} (${turn[1]}) is empty`);
    }
    messages.push({ role, content });
  });
  return messages;
}
