/** A judge run: an outside endpoint says of each pair of two models' completions which is better, with either shown first. */
import { createHash } from "node:crypto";
import { selectNewestCompletions } from "../../db/queries/completions";
import { recordRequest, selectRequestKeys } from "../../db/queries/endpoint-requests";
import { selectLatestGuideline } from "../../db/queries/guidelines";
import {
  insertJudgeAnswer,
  insertJudgedPairs,
  type PairTexts,
  selectJudgeAnswers,
  selectJudgedPairs,
  selectPairTexts,
  selectVotedPairs,
  setVerdict,
} from "../../db/queries/judge";
import { storableText } from "../../db/queries/run-events";
import { canonicalJson } from "../../domain/canonical";
import { chooseComparisons, type ComparedPrompt } from "../../domain/comparison";
import { samplingSchema } from "../../domain/completion";
import { EndpointError, type EndpointRequest, requestBody } from "../../domain/endpoint";
import { JUDGE_TEMPLATE, judgeMessages, readVerdict, swapVerdict, type Verdict } from "../../domain/judge";
import { createRandom } from "../../domain/random";
import type { JudgeConfig } from "../../domain/run";
import { FencedError } from "../algorithms/train-context";
import { asAsked, type Ending, emitOrStop, type RequestContext, type RequestJob, runRequests } from "./endpoint-requests";

const SHOWN = 8;

type Pair = { promptId: string; firstId: string; secondId: string };

/** Pairs whose texts differ, drawn by the run's seed. */
async function choosePairs({ db, run }: RequestContext, config: JudgeConfig): Promise<Pair[]> {
  const { firstModelId, secondModelId, split, maxPairs, seed } = config;
  if (firstModelId === null || secondModelId === null) throw new Error("The run says not which two models are compared");
  if (config.pairs === "voted") {
    const voted = await selectVotedPairs(db, { projectId: run.projectId, firstModelId, secondModelId, split });
    return createRandom(seed, "judge").shuffle(voted).slice(0, maxPairs);
  }
  const prompts = new Map<string, ComparedPrompt>();
  for (const { promptId, promptHash, ...completion } of await selectNewestCompletions(db, {
    projectId: run.projectId,
    modelIds: [firstModelId, secondModelId],
    split,
  })) {
    const prompt = prompts.get(promptId) ?? { promptId, key: promptHash, completions: [] };
    prompt.completions.push(completion);
    prompts.set(promptId, prompt);
  }
  return chooseComparisons([...prompts.values()], { maxItems: maxPairs, seed }).map(({ promptId, completionIds: [a, b] }) => {
    const swapped = prompts.get(promptId)?.completions.find(({ id }) => id === a)?.modelId !== firstModelId;
    return { promptId, firstId: swapped ? b : a, secondId: swapped ? a : b };
  });
}

type Asking = { pair: Pair; shown: "first" | "second"; request: EndpointRequest; hash: string; key: string };

/** Both askings of a pair. */
function askBoth({ endpoint }: RequestContext, config: JudgeConfig, pair: PairTexts, guidelines: string): Asking[] {
  const sampling = samplingSchema.parse({ temperature: config.temperature, maxNewTokens: config.maxNewTokens, seed: config.seed });
  return (["first", "second"] as const).map((shown) => {
    const request = {
      messages: judgeMessages({
        messages: pair.messages,
        shown: shown === "first" ? [pair.firstText, pair.secondText] : [pair.secondText, pair.firstText],
        reference: config.useReference ? pair.reference : null,
        guidelines,
      }),
      sampling,
    };
    const asked = canonicalJson({ endpoint: endpoint.id, template: JUDGE_TEMPLATE, body: requestBody(asAsked(endpoint), request) });
    return {
      pair,
      shown,
      request,
      hash: createHash("sha256").update(asked).digest("hex"),
      key: `${pair.firstId}:${pair.secondId}:${shown}`,
    };
  });
}

export async function judgePairs(context: RequestContext, config: JudgeConfig): Promise<Ending> {
  const { db, run, endpoint } = context;
  const guidelines = config.useGuidelines ? ((await selectLatestGuideline(db, run.projectId))?.body ?? "") : "";
  // The pairs of the first attempt are the run's: completions that were added since do not change them.
  const known = await selectJudgedPairs(db, run.id);
  const pairs = await selectPairTexts(db, known.length > 0 ? known : await choosePairs(context, config));
  if (pairs.length === 0)
    throw new Error(
      config.pairs === "voted"
        ? `Nobody has voted on completions of these two models in the ${config.split} split`
        : `No prompt of the ${config.split} split has different answers of these two models`,
    );
  const askings = pairs.flatMap((pair) => askBoth(context, config, pair, guidelines));
  if (known.length === 0) {
    await insertJudgedPairs(
      db,
      pairs.map(({ promptId, firstId, secondId }, i) => ({
        runId: run.id,
        promptId,
        firstId,
        secondId,
        shownFirstHash: askings[2 * i]?.hash ?? "",
        shownSecondHash: askings[2 * i + 1]?.hash ?? "",
      })),
    );
  }
  const settle = (asking: Asking, verdict: Verdict) => ({
    pair: { ...asking.pair, runId: run.id },
    verdict: asking.shown === "first" ? verdict : swapVerdict(verdict),
  });

  const done = await selectRequestKeys(db, run.id);
  const open = askings.filter(({ key }) => !done.has(key));
  const cached = await selectJudgeAnswers(
    db,
    open.map(({ hash }) => hash),
  );
  let step = done.size;
  for (const asking of open) {
    const answer = cached.get(asking.hash);
    if (answer === undefined) continue;
    step += 1;
    const request = { key: asking.key, promptId: asking.pair.promptId, tries: 0, inputTokens: 0, outputTokens: 0, cost: 0 };
    const mine = await recordRequest(db, { runId: run.id, attempt: run.attempt, step, request }, async (tx) => {
      const { pair, verdict } = settle(asking, answer.verdict);
      await setVerdict(tx, pair, asking.shown, verdict);
      return {};
    });
    if (!mine) throw new FencedError();
  }
  if (cached.size > 0)
    await emitOrStop(context, [
      { kind: "log", level: "info", message: `${cached.size} of ${askings.length} verdicts were known from earlier runs and cost nothing` },
    ]);

  const jobs = askings.map(
    (asking): RequestJob => ({
      ...asking.request,
      key: asking.key,
      promptId: asking.pair.promptId,
      read({ text, model, finishReason }) {
        const said = readVerdict(text);
        if (said === null)
          throw new EndpointError(
            finishReason === "length"
              ? "The judge's answer was cut off before its verdict: allow longer ones"
              : `The judge gave no verdict; it ended with: ${text.slice(-200)}`,
            { means: "prompt" },
          );
        return async (tx) => {
          await insertJudgeAnswer(tx, { hash: asking.hash, endpointId: endpoint.id, model, verdict: said, text: storableText(text) });
          const { pair, verdict } = settle(asking, said);
          await setVerdict(tx, pair, asking.shown, verdict);
          return {};
        };
      },
    }),
  );
  const ending = await runRequests(context, jobs, { ...config });
  if (ending.outcome !== "succeeded") return ending;
  const shown = askings.slice(0, SHOWN);
  const words = await selectJudgeAnswers(
    db,
    shown.map(({ hash }) => hash),
  );
  await emitOrStop(context, [
    {
      kind: "sample",
      step: jobs.length,
      rows: shown.map(({ request, hash }) => ({
        prompt: request.messages.at(-1)?.content ?? "",
        completion: words.get(hash)?.text ?? "",
        reference: null,
        score: null,
        kl: null,
      })),
    },
  ]);
  return ending;
}
