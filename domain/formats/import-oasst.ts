/**
 * Message trees of OpenAssistant (Köpf et al. 2023): every message of a prompter whose replies were ranked is a
 * comparison of these replies, with the messages above it as its prompt.
 */
import type { Message } from "../prompt";
import { describe, type ParsedRow, RowError } from "./import-row";

type Node = { role: "prompter" | "assistant"; text: string; rank: number | null; lang: string | null; replies: Node[] };

function parseNode(value: unknown, place: string): Node {
  const { role, text, rank, lang, replies, deleted } =
    typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  if (role !== "prompter" && role !== "assistant")
    throw new RowError(`${place}.role: expected prompter or assistant, not ${describe(role)}`);
  if (typeof text !== "string" || text.trim() === "") throw new RowError(`${place}.text: expected a text, not ${describe(text)}`);
  if (rank != null && (!Number.isInteger(rank) || Number(rank) < 0))
    throw new RowError(`${place}.rank: expected a whole number from 0 (best), not ${describe(rank)}`);
  if (replies !== undefined && replies !== null && !Array.isArray(replies)) throw new RowError(`${place}.replies: expected a list`);
  const kept = deleted === true ? [] : ((replies ?? []) as unknown[]);
  return {
    role,
    text,
    rank: rank == null ? null : Number(rank),
    lang: typeof lang === "string" ? lang : null,
    replies: kept.map((reply, i) => parseNode(reply, `${place}.replies.${i}`)),
  };
}

/** A line of a published trees file, or one message with its replies. Throws a RowError where nothing in it was ranked. */
export function parseTree(row: Record<string, unknown>): ParsedRow[] {
  const root = "prompt" in row ? parseNode(row.prompt, "prompt") : parseNode(row, "message");
  if (root.role !== "prompter") throw new RowError("prompt.role: expected the tree to begin with the prompter");
  const found: ParsedRow[] = [];
  const walk = (node: Node, above: readonly Message[]) => {
    const messages: Message[] = [...above, { role: node.role === "prompter" ? "user" : "assistant", content: node.text }];
    const ranked = node.replies.filter(({ rank }) => rank !== null);
    if (node.role === "prompter" && ranked.length >= 2) {
      if (ranked.length > 9) throw new RowError(`replies: ${ranked.length} ranked replies to one message; at most 9 are compared`);
      const steps = [...new Set(ranked.map(({ rank }) => rank ?? 0))].sort((a, b) => a - b);
      const texts = new Set(ranked.map(({ text }) => text.trim()));
      if (texts.size < ranked.length) throw new RowError("two of the replies have the same text");
      found.push({
        prompt: {
          messages,
          reference: null,
          split: undefined,
          groupKey: typeof row.message_tree_id === "string" ? row.message_tree_id : undefined,
          meta: node.lang === null ? {} : { lang: node.lang },
        },
        completion: null,
        comparison: {
          completions: ranked.map(({ text }) => ({ text, model: null })),
          ranks: ranked.map(({ rank }) => steps.indexOf(rank ?? 0) + 1),
          margin: null,
          annotator: null,
        },
        unused: [],
      });
    }
    for (const reply of node.replies) walk(reply, messages);
  };
  walk(root, []);
  if (found.length === 0) throw new RowError("no message of the tree has two ranked replies");
  return found;
}
