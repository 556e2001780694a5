/** Which rows a report answers, and what a few-shot prompt holds. */
import { describe, expect, it } from "vitest";
import type { SftRow } from "../../../../domain/dataset";
import { fewShotMessages, rowsPerTask } from "../../../../trainer/jobs/sft-report";

const row = (task: string | undefined, text: string): SftRow => ({
  messages: [{ role: "user", content: text }],
  completion: `answer to ${text}`,
  task,
});
const train = [row("a", "1"), row("b", "2"), row("a", "3"), row("a", "4"), row("b", "5")];

it("takes the first rows of each task", () => {
  expect(rowsPerTask([...train, row(undefined, "6")], 2).map(({ messages }) => messages[0]?.content)).toEqual(["1", "2", "3", "5", "6"]);
});

describe("fewShotMessages", () => {
  const options = { shots: 2, seed: 1, place: 0 };
  it("asks after examples of the same task with their answers", () => {
    const messages = fewShotMessages(row("a", "question"), train, options);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    expect(messages.at(-1)?.content).toBe("question");
    for (const { content } of messages.slice(0, 4)) expect(content).toMatch(/^(answer to )?[134]$/);
    expect(messages[1]?.content).toBe(`answer to ${messages[0]?.content}`);
  });
  it("draws by seed and place, and takes what there is", () => {
    expect(fewShotMessages(row("a", "q"), train, options)).toEqual(fewShotMessages(row("a", "q"), train, options));
    const drawn = new Set(
      [0, 1, 2, 3, 4, 5].map((place) => fewShotMessages(row("a", "q"), train, { ...options, shots: 1, place })[0]?.content),
    );
    expect(drawn.size).toBeGreaterThan(1);
    expect(fewShotMessages(row("b", "q"), train, { ...options, shots: 9 })).toHaveLength(5);
    expect(fewShotMessages(row("c", "q"), train, options)).toHaveLength(1);
  });
});
