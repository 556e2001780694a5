/** What a row may look like, with an example of each published format that is read. */
import type { ImportKind } from "@/domain/formats/import-row";

const EXAMPLES: Record<ImportKind, { name: string; line: string }[]> = {
  prompts: [
    { name: "Prompt", line: '{"prompt": "Why is the sky blue?", "reference": "Because ...", "split": "train", "group": "sky"}' },
    {
      name: "Messages (TRL SFT; the last answer is the reference)",
      line: '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}',
    },
    {
      name: "Label or score, for classifiers and regression; task, for mixing and reports",
      line: '{"prompt": "I love it", "label": "positive", "task": "sentiment"}',
    },
    { name: "Alpaca", line: '{"instruction": "Translate", "input": "Guten Tag", "output": "Good day"}' },
  ],
  completions: [
    { name: "Completion", line: '{"prompt": "Why is the sky blue?", "completion": "It scatters ...", "model": "my-model"}' },
    {
      name: "Whole conversation that follows the prompt",
      line: '{"prompt": [...], "completion": [{"role": "assistant", ...}, {"role": "user", ...}, {"role": "assistant", ...}]}',
    },
  ],
  comparisons: [
    { name: "TRL, explicit prompt", line: '{"prompt": "Why ...?", "chosen": "Because ...", "rejected": "No idea", "margin": 2}' },
    { name: "TRL, implicit prompt", line: '{"chosen": [{"role": "user", ...}, {"role": "assistant", ...}], "rejected": [...]}' },
    { name: "hh-rlhf", line: '{"chosen": "\\n\\nHuman: ...\\n\\nAssistant: ...", "rejected": "..."}' },
    { name: "LMArena", line: '{"conversation_a": [...], "conversation_b": [...], "winner": "model_a"}' },
    { name: "summarize-from-feedback", line: '{"info": {"post": "..."}, "summaries": [{"text": "..."}, {"text": "..."}], "choice": 1}' },
    { name: "AlpacaEval", line: '{"instruction": "...", "output_1": "...", "output_2": "...", "preference": 2}' },
    { name: "HelpSteer3", line: '{"context": [...], "response1": "...", "response2": "...", "overall_preference": -2}' },
    {
      name: "Argilla",
      line: '{"fields": {"prompt": "...", "response_1": "...", "response_2": "..."}, "responses": [{"user_id": "...", "status": "submitted", "value": [{"rank": 1, "value": "response_2"}, ...]}]}',
    },
    {
      name: "OpenAssistant trees",
      line: '{"message_tree_id": "...", "prompt": {"role": "prompter", "text": "...", "replies": [{"role": "assistant", "text": "...", "rank": 0}, ...]}}',
    },
  ],
};

export function FormatHelp({ kind }: { kind: ImportKind }) {
  return (
    <details className="text-sm" open>
      <summary className="font-medium">Formats that are read</summary>
      <ul className="mt-2 flex flex-col gap-2">
        {EXAMPLES[kind].map(({ name, line }) => (
          <li key={name}>
            <p className="text-xs text-muted">{name}</p>
            <code className="block rounded bg-sunken px-2 py-1 text-xs break-words whitespace-pre-wrap">{line}</code>
          </li>
        ))}
      </ul>
      <p className="mt-2 text-xs text-muted">
        A prompt without a split gets one by chance of its group: 80 % train, 10 % validation, 10 % test. Prompts that begin alike are one
        group unless the rows name theirs.
        {kind === "comparisons" && " Votes are stored under an annotator that is named for the file."}
      </p>
    </details>
  );
}
