/**
 * The requests of a run to an endpoint: so many at once, at the endpoint's rates, each tried again while that may help. What
 * is done is in the database before the next one starts, so that a run that goes on pays for nothing twice but what was
 * under way when its worker died.
 */
import { setTimeout } from "node:timers/promises";
import type { Db } from "../../db/client";
import {
  type NewEndpointRequest,
  recordRequest,
  type RequestTotals,
  selectRequestKeys,
  selectRequestTotals,
} from "../../db/queries/endpoint-requests";
import { type EndpointRow, holdEndpoint, reserveRequest, selectEndpoint, settleTokens } from "../../db/queries/endpoints";
import { appendRunEvents } from "../../db/queries/run-events";
import type { RunRow } from "../../db/queries/runs";
import {
  type AskEndpoint,
  type AskedEndpoint,
  costOf,
  type EndpointAnswer,
  EndpointError,
  type EndpointRequest,
  reserveUsage,
  retryDelayMs,
  type Usage,
} from "../../domain/endpoint";
import { createRandom } from "../../domain/random";
import type { RunEvent } from "../../domain/run";
import { FencedError, type Outcome } from "../algorithms/train-context";
import type { RunWork } from "./run-work";

/** How a run ended, in its own words. */
export type Ending = { outcome: Outcome; reason: string };

export type Clock = {
  /** Milliseconds. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
};
export const realClock: Clock = { now: Date.now, sleep: (ms) => setTimeout(ms) };

export type RequestContext = {
  db: Db;
  run: RunRow;
  endpoint: EndpointRow;
  ask: AskEndpoint;
  clock: Clock;
  /** What a person or the worker's end asks for; throws FencedError when another worker has the run. */
  asked(): "pause" | "cancel" | null;
};

export type RequestJob = EndpointRequest & {
  /** Tells it from the run's other requests. */
  key: string;
  promptId: string;
  /** Keeps what is to be kept of the answer, in the transaction that counts it. Throws EndpointError for an answer that is none. */
  read(answer: EndpointAnswer): (tx: Db) => Promise<Pick<NewEndpointRequest, "completionId">>;
};

type Limits = { maxTries: number; maxCost: number | null; seed: number };

/** A wait is looked into this often, so that a pause is heard. */
const SLICE_MS = 1_000;
const TELL_MS = 1_000;
const COMPLAIN_MS = 30_000;
const MINUTE_MS = 60_000;
/** So many failures in a row are the endpoint's fault, not the prompts'. */
const MOST_FAILURES = 10;

export const asAsked = ({ settings, model, sealedKey, allowPrivate }: EndpointRow): AskedEndpoint => ({
  ...settings,
  model,
  sealedKey,
  allowPrivate,
});

export async function emitOrStop(
  context: Pick<RequestContext, "db" | "run">,
  events: RunEvent[],
  extra: { step?: number; totalSteps?: number } = {},
): Promise<void> {
  const { db, run } = context;
  if (!(await appendRunEvents(db, { runId: run.id, attempt: run.attempt, events, ...extra }))) throw new FencedError();
}

const describeMoney = (dollars: number) => `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;

const tokensOf = ({ inputTokens, outputTokens }: Usage) => inputTokens + outputTokens;

/** Tells how far the requests are, and now and then what went wrong: a thousand refusals are one piece of news. */
function createProgress(context: RequestContext, totals: RequestTotals) {
  const { clock } = context;
  const started = clock.now();
  let retries = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let complainedAt = Number.NEGATIVE_INFINITY;
  /** When the requests of the last minute ended. */
  const times: number[] = [];
  return {
    ended: () => {
      times.push(clock.now());
    },
    async retries(message: string): Promise<void> {
      retries += 1;
      if (clock.now() - complainedAt < COMPLAIN_MS) return;
      complainedAt = clock.now();
      await emitOrStop(context, [{ kind: "log", level: "warning", message }]);
    },
    async tell({ always = false } = {}): Promise<void> {
      const now = clock.now();
      if (!always && now - toldAt < TELL_MS) return;
      toldAt = now;
      while (times[0] !== undefined && times[0] < now - MINUTE_MS) times.shift();
      const minutes = Math.max(TELL_MS, Math.min(MINUTE_MS, now - started)) / MINUTE_MS;
      const values = {
        "requests/failed": totals.failed,
        "requests/retries": retries,
        "requests/per_minute": times.length / minutes,
        "requests/tokens_in": totals.inputTokens,
        "requests/tokens_out": totals.outputTokens,
        "requests/cost": totals.cost,
      };
      await emitOrStop(context, [{ kind: "metric", step: totals.answered + totals.failed, values }]);
    },
  };
}

/** Asks for every job that is not done. `jobs` are all of the run's, in the order in which they are asked. */
export async function runRequests(context: RequestContext, jobs: readonly RequestJob[], limits: Limits): Promise<Ending> {
  const { db, run, endpoint, ask, clock, asked } = context;
  const { settings } = endpoint;
  const done = await selectRequestKeys(db, run.id);
  const totals = await selectRequestTotals(db, run.id);
  const queue = jobs.filter(({ key }) => !done.has(key));
  await emitOrStop(context, [], { step: totals.answered + totals.failed, totalSteps: jobs.length });

  let failuresInARow = 0;
  let overBudget = false;
  let broken: { error: unknown } | null = null;
  /** What the requests under way may cost at most. */
  let underWay = 0;
  const progress = createProgress(context, totals);

  const stopping = () => broken !== null || overBudget || asked() !== null;
  /** False when it is to stop meanwhile. */
  const wait = async (ms: number): Promise<boolean> => {
    for (let left = ms; left > 0; left -= SLICE_MS) {
      if (stopping()) return false;
      await clock.sleep(Math.min(left, SLICE_MS));
    }
    return !stopping();
  };
  const record = async (
    job: RequestJob,
    spent: Usage,
    tries: number,
    result: { error: string } | { store: ReturnType<RequestJob["read"]> },
  ) => {
    const failed = "error" in result;
    totals[failed ? "failed" : "answered"] += 1;
    const request = {
      key: job.key,
      promptId: job.promptId,
      error: failed ? result.error : null,
      tries,
      ...spent,
      cost: costOf(settings, spent),
    };
    const mine = await recordRequest(
      db,
      { runId: run.id, attempt: run.attempt, step: totals.answered + totals.failed, request },
      failed ? undefined : result.store,
    );
    if (!mine) throw new FencedError();
    await progress.tell();
  };

  /** One job to its end; false when it was left for later. */
  const work = async (job: RequestJob): Promise<boolean> => {
    const most = reserveUsage(job);
    const mostCost = costOf(settings, most);
    const random = createRandom(limits.seed, `retry:${job.key}`);
    const spent: Usage = { inputTokens: 0, outputTokens: 0 };
    const pay = (usage: Usage) => {
      const cost = costOf(settings, usage);
      spent.inputTokens += usage.inputTokens;
      spent.outputTokens += usage.outputTokens;
      totals.inputTokens += usage.inputTokens;
      totals.outputTokens += usage.outputTokens;
      totals.cost += cost;
    };
    for (let tries = 1; ; tries++) {
      const budget = limits.maxCost ?? Number.POSITIVE_INFINITY;
      if (totals.cost + mostCost > budget) overBudget = true;
      if (stopping()) return false;
      if (tries === 1 && underWay > 0 && totals.cost + underWay + mostCost > budget) {
        // It fits only if the others cost less than they may: they go on alone.
        queue.unshift(job);
        return false;
      }
      underWay += mostCost;
      let reserved = tokensOf(most);
      try {
        if (!(await wait(await reserveRequest(db, endpoint, reserved)))) return false;
        const answer = await ask(asAsked(endpoint), job).finally(progress.ended);
        pay(answer);
        await settleTokens(db, endpoint, reserved - tokensOf(answer));
        reserved = 0;
        const store = job.read(answer);
        await record(job, spent, tries, { store });
        failuresInARow = 0;
        return true;
      } catch (error) {
        if (!(error instanceof EndpointError)) throw error;
        if (error.usage !== null) pay(error.usage);
        if (reserved > 0) await settleTokens(db, endpoint, reserved - (error.usage === null ? 0 : tokensOf(error.usage)));
        if (error.means === "endpoint") throw error;
        if (error.retryAfterMs !== null) await holdEndpoint(db, endpoint.id, error.retryAfterMs);
        if (error.means === "prompt" || tries >= limits.maxTries) {
          await record(job, spent, tries, { error: tries > 1 ? `${error.message} (after ${tries} tries)` : error.message });
          failuresInARow += 1;
          if (failuresInARow >= MOST_FAILURES)
            throw new EndpointError(`${MOST_FAILURES} requests in a row failed, the last with: ${error.message}`, {
              means: "endpoint",
              cause: error,
            });
          return true;
        }
        const delay = retryDelayMs(tries, random, error.retryAfterMs);
        await progress.retries(`Waits ${(delay / 1000).toFixed(1)} s and tries again: ${error.message}`);
        if (!(await wait(delay))) return false;
      } finally {
        underWay -= mostCost;
      }
    }
  };
  const lane = async () => {
    try {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) if (stopping() || !(await work(job))) return;
    } catch (error) {
      broken ??= { error };
    }
  };
  await Promise.all(Array.from({ length: Math.min(settings.concurrency, queue.length) }, lane));

  const failure = broken as { error: unknown } | null;
  if (failure !== null && !(failure.error instanceof EndpointError)) throw failure.error;
  await progress.tell({ always: true });
  const { answered, failed, cost } = totals;
  const left = jobs.length - answered - failed;
  const money = cost > 0 ? `, ${describeMoney(cost)}` : "";
  const standing = `${answered} of ${jobs.length} answered${failed > 0 ? `, ${failed} failed` : ""}${money}`;
  if (failure !== null)
    throw new EndpointError(`${(failure.error as Error).message}. ${standing}; what was answered is kept, retry asks for the rest.`, {
      means: "endpoint",
      cause: failure.error,
    });
  if (left === 0) return { outcome: "succeeded", reason: `Finished: ${standing}` };
  const requested = asked();
  if (requested === "cancel") return { outcome: "cancelled", reason: `Stopped as asked: ${standing}` };
  if (overBudget && requested === null) {
    return {
      outcome: "paused",
      reason: `Paused before it could cost more than the budget of ${describeMoney(limits.maxCost ?? 0)}: ${standing}. Raise the budget and resume, or stop it`,
    };
  }
  return { outcome: "paused", reason: `Paused as asked: ${standing}` };
}

/** What a run needs that asks an outside endpoint. */
export async function requestsOf({ db, run, askEndpoint, clock = realClock, asked }: RunWork, endpointId: string): Promise<RequestContext> {
  const endpoint = await selectEndpoint(db, endpointId);
  if (endpoint === null || endpoint.removedAt !== null) throw new Error("The run's endpoint was removed");
  if (askEndpoint === undefined) throw new Error("This worker reaches no endpoints");
  return { db, run, endpoint, ask: askEndpoint, clock, asked };
}
