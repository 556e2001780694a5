/** Feature extraction as functions of plain data: train a head on labelled rows, and predict with one. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { SftRow } from "../../domain/dataset";
import type { Message } from "../../domain/prompt";
import type { SftConfig } from "../../domain/run";
import { createFeatureExtractor, poolingOf } from "../algorithms/features";
import { applyHead, type HeadRows, initHead, trainHead } from "../algorithms/head";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import { baseNameOf, type ChainLink, disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import { writeHeadFolder } from "../checkpoint/head-folder";
import { CHAT_TEMPLATE_FILE } from "../checkpoint/hugging-face";
import type { Engine } from "../engine/engine";
import { chatTemplateOf } from "../tokenizer/templates";
import { readTokenizer, type Tokenizer } from "../tokenizer/tokenizer";
import { rowsOfTasks, truncateExample } from "./sft-rows";

type LabelledRow = Pick<SftRow, "messages" | "task" | "label">;

/** Rows with a label, as tokens; those that are too long are cut or left out as the config says. */
async function encodeLabelled(
  tokenizer: Tokenizer,
  rows: readonly LabelledRow[],
  { maxLength, truncation }: Pick<SftConfig, "maxLength" | "truncation">,
) {
  const out: { ids: number[]; label: string | number; task: string }[] = [];
  for (const { messages, label, task = "" } of rows) {
    if (label === undefined) continue;
    const example = { promptIds: await tokenizer.encodePrompt(messages), completionIds: [] };
    const over = example.promptIds.length - maxLength;
    if (over > 0 && truncation === "right") out.push({ ids: example.promptIds.slice(0, maxLength), label, task });
    else {
      const fitting =
        over > 0 && truncation === "left"
          ? { ...example, promptIds: example.promptIds.slice(over) }
          : truncateExample(example, maxLength, "drop");
      if (fitting) out.push({ ids: fitting.promptIds, label, task });
    }
  }
  return out;
}

/** A label as a number. Throws naming the row's place and what it has. */
function toNumber(label: string | number, place: number): number {
  const value = Number(label);
  if (!Number.isFinite(value))
    throw new Error(`head "regression": labelled row ${place + 1} has the label "${label}", a number was expected`);
  return value;
}

export async function runHead(
  context: TrainContext,
  input: { config: SftConfig; chain: ChainLink[]; train: SftRow[]; validation: SftRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain, { storage: config.baseStorage });
  const template = chatTemplateOf(config) ?? checkpoint.chatTemplate;
  if (template !== null) checkpoint.tokenizer = await readTokenizer(checkpoint.baseFolder, template);
  const { model, tokenizer, params } = checkpoint;
  try {
    const rows = rowsOfTasks(input.train, config.tasks);
    const train = await encodeLabelled(tokenizer, rows, config);
    if (train.length === 0)
      throw new Error(
        'method "head": no training row has a label that fits maxLength. Prompts get labels by the import\'s fields label or score',
      );
    if (train.length < rows.length)
      await context.emit([
        {
          kind: "log",
          level: "warning",
          message: `${rows.length - train.length} of ${rows.length} rows have no label or are longer than maxLength ${config.maxLength} tokens and were left out`,
        },
      ]);
    const trainedTasks = new Set(train.map(({ task }) => task));
    const validation = (await encodeLabelled(tokenizer, input.validation, config)).filter(({ task }) => trainedTasks.has(task));
    // Classes of the training rows in a fixed order: numbers by size, then texts.
    const labels =
      config.head === "regression"
        ? []
        : [...new Set(train.map(({ label }) => String(label)))].sort((a, b) => Number(a) - Number(b) || 0 || (a < b ? -1 : 1));
    if (config.head === "classification" && labels.length < 2)
      throw new Error(`head "classification": all training rows have the label "${labels[0]}"; two classes are the least`);
    const known = config.head === "regression" ? validation : validation.filter(({ label }) => labels.includes(String(label)));
    if (known.length < validation.length)
      await context.emit([
        {
          kind: "log",
          level: "warning",
          message: `${validation.length - known.length} validation rows have a label that no training row has and were left out`,
        },
      ]);
    const extract = createFeatureExtractor(context.engine, model);
    const toRows = async (from: typeof train): Promise<HeadRows> => ({
      features: await extract(
        params,
        from.map(({ ids }) => ids),
        { batchSize: config.batchSize, padTokenId: tokenizer.padTokenId },
      ),
      targets: from.map(({ label }, i) => (config.head === "regression" ? toNumber(label, i) : labels.indexOf(String(label)))),
      tasks: from.map(({ task }) => task),
    });
    const head = initHead(Math.max(1, labels.length), model.hiddenSize, config.seed);
    try {
      return await trainHead(context, {
        config,
        width: model.hiddenSize,
        head,
        train: await toRows(train),
        validation: await toRows(known),
        writeHead: async (folder, weight) => {
          await writeHeadFolder(folder, { problem: config.head, labels, pooling: poolingOf(model), weight }, baseNameOf(chain));
          if (template !== null) await writeFile(path.join(folder, CHAT_TEMPLATE_FILE), template);
        },
      });
    } finally {
      head.dispose();
    }
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

export type Prediction = { truth: string | number; predicted: string | number };

/** What a head's checkpoint says of labelled prompts, in their order. */
export async function predictLabels(
  engine: Engine,
  input: { chain: ChainLink[]; rows: { messages: Message[]; label: string | number }[]; batchSize: number },
): Promise<{ problem: "classification" | "regression"; predictions: Prediction[] }> {
  const checkpoint: LoadedCheckpoint = await loadCheckpoint(input.chain);
  const { head, model, tokenizer, params } = checkpoint;
  try {
    if (!head) throw new Error("The checkpoint has no head");
    const texts = await Promise.all(input.rows.map(({ messages }) => tokenizer.encodePrompt(messages)));
    const options = { batchSize: input.batchSize, padTokenId: tokenizer.padTokenId };
    const features = await createFeatureExtractor(engine, model)(params, texts, options);
    const out = await applyHead(head.weight, features, head.problem);
    return {
      problem: head.problem,
      predictions: input.rows.map(({ label }, i) =>
        head.problem === "regression"
          ? { truth: toNumber(label, i), predicted: out[i] ?? Number.NaN }
          : { truth: String(label), predicted: head.labels[out[i] ?? 0] ?? "" },
      ),
    };
  } finally {
    disposeCheckpoints(checkpoint);
  }
}
