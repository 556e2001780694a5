/**
 * `npm run hone -- train`: fine-tunes a model folder on a file of rows, by the same jobs as the worker, without database
 * or web. Writes step-N folders as the worker does, and every event to events.jsonl; started again, it goes on.
 */
import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { SftRow } from "../../domain/dataset";
import { parseRows as parseImport } from "../../domain/formats/import-rows";
import { type ParsedPrompt, RowError } from "../../domain/formats/import-row";
import { promptLabels, type Split } from "../../domain/prompt";
import { type RunEvent, type SftConfig, sftConfigSchema } from "../../domain/run";
import { splitOfGroup } from "../../domain/split";
import type { TrainContext } from "../../trainer/algorithms/train-context";
import type { ChainLink } from "../../trainer/checkpoint/checkpoint-chain";
import { dropResumeState, readSnapshot, writeSnapshot } from "../../trainer/checkpoint/snapshot";
import type { Engine } from "../../trainer/engine/engine";
import { loadChosenEngine } from "./chosen-engine";
import { runHead } from "../../trainer/jobs/head-jobs";
import { runSft } from "../../trainer/jobs/train-jobs";

export type TrainFileOptions = { model: string; data: string; config: string; out: string; json: boolean };

/** A row as the import of prompts reads it. */
function readPrompt(row: Record<string, unknown>): ParsedPrompt {
  const parsed = parseImport(row, "prompts");
  const [first] = parsed.ok ? parsed.rows : [];
  if (first === undefined) throw new RowError(parsed.ok ? "expected a prompt" : parsed.reason);
  return first.prompt;
}

/** Rows by split; a row without one goes by chance of its first message. Throws naming line and field. */
export function parseRows(text: string): Record<Split, SftRow[]> {
  const out: Record<Split, SftRow[]> = { train: [], validation: [], test: [] };
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      const { messages, ...rest } = JSON.parse(line) as Record<string, unknown>;
      // An export of a dataset version has prompt messages and a completion beside them.
      const prompt = readPrompt(
        messages !== undefined && rest.completion !== undefined ? { ...rest, prompt: messages } : { messages, ...rest },
      );
      const labels = promptLabels(prompt.meta);
      const completion = prompt.reference ?? (labels.label === undefined ? null : String(labels.label));
      if (completion === null) throw new RowError("expected a completion, a reference or a label");
      out[prompt.split ?? splitOfGroup(prompt.groupKey ?? JSON.stringify(prompt.messages[0]))].push({
        messages: prompt.messages,
        completion,
        ...labels,
      });
    } catch (error) {
      throw new Error(`line ${i + 1}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return out;
}

/** A config as JSON, in a file or as it is. */
async function readConfig(text: string): Promise<SftConfig> {
  const json: unknown = JSON.parse(text.trimStart().startsWith("{") ? text : await readFile(text, "utf8"));
  const parsed = sftConfigSchema.safeParse({ kind: "sft", ...(json as object) });
  if (!parsed.success) throw new Error(`--config: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The folder of the newest step that can be gone on from. */
async function findResume(out: string): Promise<string | null> {
  const steps = (await readdir(out))
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
  return steps.map((step) => path.join(out, `step-${step}`)).find((folder) => existsSync(path.join(folder, "resume"))) ?? null;
}

async function createFileContext(engine: Engine, { out, json }: TrainFileOptions, stop: AbortSignal): Promise<TrainContext> {
  const resumed = await findResume(out);
  let previous = resumed;
  let total = 0;
  const emit = async (events: RunEvent[]): Promise<void> => {
    await appendFile(path.join(out, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    if (json) return;
    for (const event of events) {
      if (event.kind === "metric")
        console.log(
          `${event.step}/${total}  ${Object.entries(event.values)
            .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
            .join("  ")}`,
        );
      if (event.kind === "log") console.log(event.message);
    }
  };
  return {
    engine,
    resume: resumed === null ? null : await readSnapshot(resumed),
    emit,
    requested: () => (stop.aborted ? "pause" : null),
    start: async (steps) => {
      total = steps;
    },
    save: async (request) => {
      const folder = path.join(out, `step-${request.step}`);
      await writeSnapshot(folder, request);
      if (previous !== null && previous !== folder) await dropResumeState(previous);
      if (request.final) await dropResumeState(folder);
      previous = folder;
    },
  };
}

export async function trainFile(options: TrainFileOptions, stop: AbortSignal): Promise<void> {
  const config = await readConfig(options.config);
  const rows = parseRows(await readFile(options.data, "utf8"));
  await mkdir(options.out, { recursive: true });
  const context = await createFileContext(await loadChosenEngine(), options, stop);
  const chain: ChainLink[] = [{ kind: "base", folder: options.model }];
  const outcome =
    config.method === "head"
      ? await runHead(context, { config, chain, train: rows.train, validation: rows.validation })
      : await runSft(context, { config, chain, ...rows, showcase: [] });
  const summary = {
    outcome,
    rows: { train: rows.train.length, validation: rows.validation.length, test: rows.test.length },
    out: options.out,
  };
  console.log(
    options.json
      ? JSON.stringify(summary)
      : `${outcome === "paused" ? "Stopped; the same command goes on from here" : "Finished"}: ${options.out}`,
  );
}
