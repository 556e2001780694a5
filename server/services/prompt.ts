/** Prompts: adding them so that a group lies in one split, and what researchers see of them. */
import { createHash } from "node:crypto";
import type { Db } from "../../db/client";
import { selectCompletionsOfPrompt, selectModels } from "../../db/queries/completions";
import {
  hashMessages,
  insertPrompts,
  lockPrompts,
  type NewPromptRow,
  type PromptFilter,
  selectGroupSplits,
  selectJudgementsOfPrompt,
  selectPrompt,
  selectPromptsByHash,
  selectPromptTable,
  selectSplitCounts,
  setReference,
} from "../../db/queries/prompts";
import type { Message, Split } from "../../domain/prompt";
import { splitOfGroup } from "../../domain/split";
import { requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { showAnnotators } from "../pseudonym";

export type NewPrompt = {
  messages: Message[];
  reference?: string | null;
  /** By chance of the group where it is not given. */
  split?: Split;
  /** By default the first message of the user: conversations that begin alike stay together. */
  groupKey?: string;
  meta?: Record<string, unknown>;
};

export type PromptProblem = { index: number; reason: string };

/** Conversations that begin with the same words of the user are one group. */
export function defaultGroupKey(messages: readonly Message[]): string {
  const opening = messages.find(({ role }) => role === "user") ?? messages[0];
  const words = (opening?.content ?? "").toLowerCase().replace(/\s+/g, " ").trim();
  return `opening:${createHash("sha256").update(words).digest("hex").slice(0, 24)}`;
}

/**
 * Adds prompts inside a transaction of the caller. `ids[i]` belongs to `prompts[i]`: a new prompt, or the one that has
 * the same messages already (which gets the reference answer if it had none); null where `problems` names a reason.
 */
export async function addPrompts(tx: Db, input: { projectId: string; prompts: readonly NewPrompt[] }) {
  const { projectId } = input;
  await lockPrompts(tx, projectId);
  const wanted = input.prompts.map((prompt) => ({
    ...prompt,
    groupKey: prompt.groupKey ?? defaultGroupKey(prompt.messages),
    contentHash: hashMessages(prompt.messages),
  }));
  const known = await selectPromptsByHash(tx, projectId, [...new Set(wanted.map(({ contentHash }) => contentHash))]);
  const splits = await selectGroupSplits(tx, projectId, [...new Set(wanted.map(({ groupKey }) => groupKey))]);
  const problems: PromptProblem[] = [];
  const rows = new Map<string, NewPromptRow>();
  const references: { contentHash: string; reference: string }[] = [];
  const hashes = wanted.map(({ messages, reference, split, groupKey, meta, contentHash }, index): string | null => {
    const fail = (reason: string) => {
      problems.push({ index, reason });
      return null;
    };
    const added = rows.get(contentHash);
    const same = known.get(contentHash) ?? added;
    if (same) {
      if (split !== undefined && same.split !== split) return fail(`split: this prompt is already in the ${same.split} split`);
      if (reference && !same.reference) {
        if (added) rows.set(contentHash, { ...added, reference });
        else references.push({ contentHash, reference });
      }
      return contentHash;
    }
    const own = splits.get(groupKey);
    if (own !== undefined && split !== undefined && own !== split)
      return fail(`split: the group "${groupKey}" is already in the ${own} split`);
    const chosen = own ?? split ?? splitOfGroup(groupKey);
    splits.set(groupKey, chosen);
    rows.set(contentHash, { projectId, messages, reference: reference ?? null, split: chosen, groupKey, meta: meta ?? {}, contentHash });
    return contentHash;
  });
  const made = await insertPrompts(tx, [...rows.values()]);
  const byHash = new Map([...known, ...made.map((row) => [row.contentHash, row] as const)]);
  for (const { contentHash, reference } of references) {
    const row = byHash.get(contentHash);
    if (row) await setReference(tx, row.id, reference);
  }
  const ids = hashes.map((hash) => (hash === null ? null : (byHash.get(hash)?.id ?? null)));
  return { ids, created: made.length, problems };
}

/** Adds prompts, all or none. */
export async function createPrompts(
  ctx: { db: Db },
  input: { projectId: string; prompts: readonly NewPrompt[] },
): Promise<{ ids: string[]; created: number }> {
  return ctx.db.transaction(async (tx) => {
    const { ids, created, problems } = await addPrompts(tx, input);
    const [problem] = problems;
    if (problem !== undefined) throw new AppError("BAD_INPUT", `prompts.${problem.index}: ${problem.reason}`);
    return { ids: ids.flatMap((id) => (id === null ? [] : [id])), created };
  });
}

export async function listPrompts(ctx: UserContext, filter: PromptFilter) {
  await requireProject(ctx, { project: filter.projectId }, "researcher");
  return selectPromptTable(ctx.db, filter);
}

/** What the filters of the table offer: models by name, prompts by split. */
export async function getPromptFacets(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return { models: await selectModels(ctx.db, input.projectId), splits: await selectSplitCounts(ctx.db, input.projectId) };
}

/** A prompt with its completions, their models, and the judgements behind them. For researchers: annotators judge blind. */
export async function getPrompt(ctx: UserContext, input: { promptId: string }) {
  const project = await requireProject(ctx, { prompt: input.promptId }, "researcher");
  const prompt = await selectPrompt(ctx.db, input.promptId);
  if (prompt === null) throw new AppError("NOT_FOUND", "There is no such prompt.");
  const judgements = await selectJudgementsOfPrompt(ctx.db, prompt.id);
  return {
    ...prompt,
    completions: await selectCompletionsOfPrompt(ctx.db, prompt.id),
    judgements: await showAnnotators(ctx, project, judgements),
  };
}
