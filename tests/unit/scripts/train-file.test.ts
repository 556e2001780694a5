/** Rows of a file as the train command reads them. */
import { expect, it } from "vitest";
import { parseRows } from "../../../scripts/lib/train-file";

const line = (row: object) => JSON.stringify(row);

it("reads prompts with completions, messages, exports of dataset versions, and labels", () => {
  const user = (content: string) => ({ role: "user", content });
  const rows = parseRows(
    [
      line({ prompt: "a", completion: "b", split: "train", task: "t" }),
      line({ messages: [user("c"), { role: "assistant", content: "d" }], split: "validation" }),
      "",
      line({ messages: [user("e")], completion: "f", label: 3, split: "test", group: "g", judgement_id: null, prompt_id: "p" }),
      line({ prompt: "h", label: "good", split: "train" }),
    ].join("\n"),
  );
  expect(rows).toEqual({
    train: [
      { messages: [user("a")], completion: "b", task: "t" },
      { messages: [user("h")], completion: "good", label: "good" },
    ],
    validation: [{ messages: [user("c")], completion: "d" }],
    test: [{ messages: [user("e")], completion: "f", label: 3 }],
  });
});

it("names the line and the field that is wrong", () => {
  expect(() => parseRows(`${line({ prompt: "a", completion: "b" })}\n${line({ prompt: "a" })}`)).toThrow(
    "line 2: expected a completion, a reference or a label",
  );
  expect(() => parseRows(line({ completion: "b" }))).toThrow(/^line 1: prompt: expected a text/);
});
