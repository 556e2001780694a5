/** The shipped tokenizer of the demo models: its special tokens, its template, and that the demo's texts fit. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createDemoPrompts } from "../../../../domain/demo/prompts";
import { createPretrainTexts } from "../../../../domain/demo/pretrain-texts";
import { FACT_KINDS, INVENTORY } from "../../../../domain/demo/inventory";
import { readTokenizer, type Tokenizer } from "../../../../trainer/tokenizer/tokenizer";

const MODELS = path.resolve(import.meta.dirname, "../../../../models");
const FOLDERS = ["hone-llama-demo", "hone-t5-demo"];
const CONTEXT = 256;

describe.each(FOLDERS)("%s", (folder) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await readTokenizer(path.join(MODELS, folder));
  });

  it("has 1024 entries, the special ones first", async () => {
    expect(tokenizer.vocabSize).toBe(1024);
    expect(await tokenizer.encode("<pad></s><s><unk><|user|><|assistant|><|system|>")).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([tokenizer.padTokenId, tokenizer.eosTokenId]).toEqual([0, 1]);
  });

  it("renders a conversation as the models were taught", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye" },
    ] as const;
    // As Python's jinja2 renders the template with trim_blocks and lstrip_blocks, which transformers sets: the newline
    // after a block's end is the block's, so none stands between turns.
    expect(tokenizer.renderPrompt([...messages])).toBe(
      "<|system|>\nBe brief.<|user|>\nHi<|assistant|>\nHello</s><|user|>\nBye<|assistant|>\n",
    );
  });

  it("gives back any text, with digits apart", async () => {
    const texts = [
      "  two  spaces",
      "naïve café, 北京 🙂",
      "def f(a):\n    return a * 12",
      "",
      ...createPretrainTexts(3, 100).map(({ completion }) => completion),
    ];
    for (const text of texts) expect(await tokenizer.decode(await tokenizer.encode(text))).toBe(text);
    expect(await tokenizer.encode("1234")).toHaveLength(4);
    for (const kind of FACT_KINDS) for (const value of INVENTORY[kind]) expect(await tokenizer.encode(value)).not.toContain(3);
  });

  it("leaves room in the context for the longest prompt and reference", async () => {
    for (const { messages, reference } of createDemoPrompts({ seed: 1, train: 200, validation: 100, test: 100 })) {
      const prompt = await tokenizer.encodePrompt(messages);
      const answer = await tokenizer.encode(reference ?? "");
      expect(prompt.length).toBeLessThanOrEqual(160);
      expect(prompt.length + answer.length + 1).toBeLessThanOrEqual(CONTEXT);
    }
  });
});

it("is the same for both models", () => {
  for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
    const [a, b] = FOLDERS.map((folder) => readFileSync(path.join(MODELS, folder, file), "utf8"));
    expect(a).toBe(b);
  }
});
