/** `npm run hone -- human-evaluation`: the results of a human evaluation from the ratings alone. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { measureHumanEvaluation } from "../../domain/human-evaluation-results";
import { scaleSchema } from "../../domain/scale";

/** What of a download the results are computed of. */
const downloadSchema = z.object({
  name: z.string(),
  seed: z.number().int(),
  scales: z.array(scaleSchema).min(1),
  models: z.array(z.object({ name: z.string() })).min(2),
  prompts: z.array(z.object({ textOf: z.array(z.number().int()) })),
  votes: z.array(z.object({ evaluatorId: z.string(), prompt: z.number().int().min(0), scores: z.array(z.array(z.number().int())) })),
});

const number = (x: number) => x.toFixed(2);

export async function humanEvaluation(file: string, json: boolean): Promise<void> {
  const parsed = downloadSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (!parsed.success) throw new Error(`${file} is no download of a human evaluation:\n${z.prettifyError(parsed.error)}`);
  const { name, models, scales, prompts, votes, seed } = parsed.data;
  const results = measureHumanEvaluation({ models: models.length, scales, prompts, votes, seed });
  if (json) return console.log(JSON.stringify(results, null, 2));
  console.log(`${name}: ${results.votes} votes by ${results.evaluators} evaluators on ${results.prompts} prompts, seed ${seed}\n`);
  const nameOf = (model: number) => models[model]?.name ?? "?";
  for (const [s, { name: scale, points }] of scales.entries()) {
    console.log(`${scale}, 1 to ${points}`);
    for (const [m, rated] of results.models.entries()) {
      const found = rated.scales[s];
      if (found != null)
        console.log(
          `  ${nameOf(m).padEnd(32)} ${number(found.mean.value)}  ${number(found.mean.low)} to ${number(found.mean.high)}, n = ${found.ratings}`,
        );
    }
    for (const { a, b, difference, low, high, pHolm } of results.pairs.filter((pair) => pair.scale === s)) {
      console.log(
        `  ${nameOf(b)} minus ${nameOf(a)}: ${number(difference)} (${number(low)} to ${number(high)}), p ${pHolm.toFixed(4)} by Holm`,
      );
    }
    const alpha = results.agreement[s]?.agreement?.alpha.ordinal;
    console.log(
      alpha == null
        ? "  alpha: nothing was rated twice\n"
        : `  alpha ${number(alpha.value)} (${number(alpha.low)} to ${number(alpha.high)})\n`,
    );
  }
}
