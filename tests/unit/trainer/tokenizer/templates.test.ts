/** Instruction templates as rendered text: Alpaca's own words, and ChatML's. */
import { describe, expect, it } from "vitest";
import { sftConfigSchema } from "../../../../domain/run";
import { chatTemplateOf } from "../../../../trainer/tokenizer/templates";
import { readTokenizer } from "../../../../trainer/tokenizer/tokenizer";

const render = async (options: object) =>
  (await readTokenizer("models/hone-llama-demo", chatTemplateOf(sftConfigSchema.parse({ kind: "sft", ...options })))).renderPrompt([
    { role: "user", content: "Name the places." },
  ]);

describe("chatTemplateOf", () => {
  it("writes Alpaca's prompt without input (Taori et al. 2023, train.py: PROMPT_DICT)", async () => {
    expect(await render({ template: "alpaca" })).toBe(
      "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nName the places.\n\n### Response:\n",
    );
  });
  it("writes ChatML, plain text and a custom template", async () => {
    expect(await render({ template: "chatml" })).toBe("<|im_start|>user\nName the places.<|im_end|>\n<|im_start|>assistant\n");
    expect(await render({ template: "plain" })).toBe("Name the places.\n");
    expect(await render({ template: "custom", customTemplate: "Q: {{ messages[0].content }}\nA:" })).toBe("Q: Name the places.\nA:");
  });
  it("leaves the model's own", async () => {
    expect(await render({})).toBe(
      (await readTokenizer("models/hone-llama-demo")).renderPrompt([{ role: "user", content: "Name the places." }]),
    );
  });
});

describe("the config", () => {
  const problem = (options: object) =>
    sftConfigSchema.safeParse({ kind: "sft", ...options }).error?.issues.map(({ path }) => path.join("."));
  it("refuses what contradicts itself, by field", () => {
    expect(problem({ template: "custom" })).toEqual(["customTemplate"]);
    expect(problem({ customTemplate: "x" })).toEqual(["customTemplate"]);
    expect(problem({ initialisation: "random" })).toEqual(["initialisation"]);
    expect(problem({ initialisation: "random", method: "full" })).toBeUndefined();
    expect(problem({ evalSteps: 0, keepBest: true, earlyStoppingPatience: 2 })).toEqual(["earlyStoppingPatience", "keepBest"]);
    expect(problem({ packing: true, paddingSide: "left" })).toEqual(["paddingSide"]);
  });
});
