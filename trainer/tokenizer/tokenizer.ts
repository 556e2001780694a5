/** The tokenizers library and a chat template behind what the loops need. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Template } from "@huggingface/jinja";
import { Tokenizer as LibraryTokenizer } from "tokenizers";
import { z } from "zod";
import type { Message } from "../../domain/prompt";

const specialSchema = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
const tokenizerConfigSchema = z.looseObject({
  pad_token: specialSchema.nullish(),
  eos_token: specialSchema.nullish(),
  bos_token: specialSchema.nullish(),
  chat_template: z.string().nullish(),
});

export type Tokenizer = {
  vocabSize: number;
  padTokenId: number;
  eosTokenId: number;
  /** Beginning-of-sequence where the model has one, else the end's: what stands before an empty context. */
  prefixTokenId: number;
  /** Ids without the special tokens that a post-processor would add. */
  encode(text: string): Promise<number[]>;
  /** Ids with the special tokens that the tokenizer's own post-processor adds: what a raw text is in transformers. */
  encodeWithSpecials(text: string): Promise<number[]>;
  /** Text without special tokens. */
  decode(ids: readonly number[]): Promise<string>;
  /** The conversation as the model reads it, up to where its answer begins. */
  renderPrompt(messages: readonly Message[]): string;
  encodePrompt(messages: readonly Message[]): Promise<number[]>;
};

/**
 * Reads tokenizer.json and tokenizer_config.json of a model folder (a chat_template.jinja wins over the config's).
 * Without a template the contents are joined by blank lines. Without a pad token the end-of-sequence token pads.
 * `chatTemplate` is used instead of the folder's. Throws where it is not Jinja.
 */
export async function readTokenizer(folder: string, chatTemplate: string | null = null): Promise<Tokenizer> {
  const file = path.join(folder, "tokenizer.json");
  if (!existsSync(file)) throw new Error(`${folder} has no tokenizer.json`);
  const library = LibraryTokenizer.fromFile(file);
  const configFile = path.join(folder, "tokenizer_config.json");
  const config = tokenizerConfigSchema.parse(existsSync(configFile) ? JSON.parse(readFileSync(configFile, "utf8")) : {});
  const templateFile = path.join(folder, "chat_template.jinja");
  const templateText = chatTemplate ?? (existsSync(templateFile) ? readFileSync(templateFile, "utf8") : config.chat_template);
  const template = templateText ? new Template(templateText) : null;
  const idOf = (token: string | null | undefined): number | null => (token ? library.tokenToId(token) : null);
  const eosTokenId = idOf(config.eos_token);
  if (eosTokenId === null) throw new Error(`${configFile}: eos_token is missing or not in the vocabulary`);
  const encode = async (text: string) => (await library.encode(text, null, { addSpecialTokens: false })).getIds();
  const renderPrompt = (messages: readonly Message[]): string => {
    if (!template) return messages.map(({ content }) => content).join("\n\n");
    return template.render({ messages, add_generation_prompt: true, bos_token: config.bos_token ?? "", eos_token: config.eos_token ?? "" });
  };
  return {
    vocabSize: library.getVocabSize(true),
    padTokenId: idOf(config.pad_token) ?? eosTokenId,
    eosTokenId,
    prefixTokenId: idOf(config.bos_token) ?? eosTokenId,
    encode,
    encodeWithSpecials: async (text) => (await library.encode(text, null, { addSpecialTokens: true })).getIds(),
    decode: (ids) => library.decode([...ids], true),
    renderPrompt,
    encodePrompt: (messages) => encode(renderPrompt(messages)),
  };
}
