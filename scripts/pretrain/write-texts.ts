/** Writes the texts of the demo corpus, one JSON string a line, for train_tokenizer.py: `npx tsx ... <file>`. */
import { writeFileSync } from "node:fs";
import { createDemoPrompts } from "../../domain/demo/prompts";
import { createPretrainTexts } from "../../domain/demo/pretrain-texts";

const file = process.argv[2];
if (!file) throw new Error("write-texts: name the file to write");
const texts = createPretrainTexts(1, 20000).flatMap(({ messages, completion }) => [...messages.map(({ content }) => content), completion]);
// Held-out wordings too: their words are common English, and a tokenizer of the field would know them.
const prompts = createDemoPrompts({ seed: 0, train: 0, validation: 300, test: 0 }).flatMap(({ messages }) =>
  messages.map(({ content }) => content),
);
writeFileSync(file, [...texts, ...prompts].map((text) => `${JSON.stringify(text)}\n`).join(""));
