/** Likelihoods of references against transformers' logits on the tiny golden models. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Example } from "../../../../trainer/algorithms/examples";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { measureReferences } from "../../../../trainer/evaluation/reference-likelihood";
import { goldenPath, readGolden } from "../../../helpers/golden";

type Golden = { base: { prompts: { input_ids: number[]; decoder_input_ids?: number[] }[] } };

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

/** Tokens of a decoder's text that stand for its prompt. */
const PROMPT = 2;

describe.each([
  { name: "tiny-llama", tolerance: 1e-3 },
  { name: "tiny-t5", tolerance: 5e-3 },
])("$name", ({ name, tolerance }) => {
  it("log-likelihood, confidence and rank of each token; a batch that is not full changes nothing", async () => {
    const { model, params } = await readModelFolder(goldenPath("models", name));
    const { prompts } = readGolden<Golden>("logits", `${name}.json`).base;
    const expected = readSafetensors(goldenPath("logits", `${name}.safetensors`));
    const examples = prompts.map(
      ({ input_ids: ids, decoder_input_ids: decoder }): Example =>
        decoder
          ? { promptIds: ids, completionIds: decoder.slice(1) }
          : { promptIds: ids.slice(0, PROMPT), completionIds: ids.slice(PROMPT) },
    );
    const measured = await measureReferences(engine, { model, base: params, examples, batchSize: 4, padTokenId: 0 });
    expect(measured).toHaveLength(prompts.length);
    for (const [i, { completionIds }] of examples.entries()) {
      const logits = expected[`base.logits.${i}`]?.values ?? new Float32Array(0);
      const first = name === "tiny-t5" ? 0 : PROMPT - 1;
      const rows = completionIds.map((_, t) => logits.slice((first + t) * model.vocabSize, (first + t + 1) * model.vocabSize));
      const logprobs = rows.map((row) => {
        const most = Math.max(...row);
        const log = most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
        return Array.from(row, (x) => x - log);
      });
      const wanted = -completionIds.reduce((sum, id, t) => sum + (logprobs[t]?.[id] ?? Number.NaN), 0);
      expect(measured[i]?.tokens).toBe(completionIds.length);
      expect(Math.abs((measured[i]?.nats ?? Number.NaN) - wanted), `prompt ${i}`).toBeLessThan(tolerance);
      for (const [t, row] of logprobs.entries()) {
        expect(Math.abs((measured[i]?.confidences[t] ?? Number.NaN) - Math.exp(Math.max(...row))), `prompt ${i}, token ${t}`).toBeLessThan(
          tolerance,
        );
        expect(measured[i]?.right[t]).toBe(row.indexOf(Math.max(...row)) === completionIds[t]);
      }
    }
  });
});
