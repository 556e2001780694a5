/** SQL on judge runs: their pairs, what the judge said, and the votes on the same pairs. */
import { and, asc, eq, inArray, isNotNull, isNull } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Verdict } from "../../domain/judge";
import type { Message, Split } from "../../domain/prompt";
import type { Db } from "../client";
import { completions, itemCompletions, judgeAnswers, judgedPairs, judgements, prompts, users } from "../schema";

const CHUNK = 500;
const first = alias(completions, "first_completion");
const second = alias(completions, "second_completion");
const firstOfItem = alias(itemCompletions, "first_of_item");
const secondOfItem = alias(itemCompletions, "second_of_item");

export type NewJudgedPair = Omit<typeof judgedPairs.$inferInsert, "shownFirst" | "shownSecond">;
export type JudgeAnswerRow = typeof judgeAnswers.$inferSelect;

const counts = and(isNull(judgements.undoneAt), eq(judgements.purpose, "work"), isNotNull(judgements.ranks));

/** Pairs of two models' completions that were voted on together, people's and simulated votes alike. */
export function selectVotedPairs(
  db: Db,
  input: { projectId: string; firstModelId: string; secondModelId: string; split: Split },
): Promise<{ promptId: string; firstId: string; secondId: string }[]> {
  return db
    .selectDistinct({ promptId: first.promptId, firstId: first.id, secondId: second.id })
    .from(judgements)
    .innerJoin(firstOfItem, eq(firstOfItem.itemId, judgements.itemId))
    .innerJoin(secondOfItem, eq(secondOfItem.itemId, judgements.itemId))
    .innerJoin(first, and(eq(first.id, firstOfItem.completionId), eq(first.modelId, input.firstModelId)))
    .innerJoin(second, and(eq(second.id, secondOfItem.completionId), eq(second.modelId, input.secondModelId)))
    .innerJoin(prompts, eq(prompts.id, first.promptId))
    .where(and(eq(judgements.projectId, input.projectId), eq(prompts.split, input.split), counts))
    .orderBy(asc(first.id), asc(second.id));
}

/** A pair with all that the judge is shown. */
export type PairTexts = {
  promptId: string;
  firstId: string;
  secondId: string;
  messages: Message[];
  reference: string | null;
  promptHash: string;
  firstText: string;
  secondText: string;
};

/** In the order given. */
export async function selectPairTexts(
  db: Db,
  pairs: readonly { promptId: string; firstId: string; secondId: string }[],
): Promise<PairTexts[]> {
  const texts = new Map<string, string>();
  const ids = pairs.flatMap(({ firstId, secondId }) => [firstId, secondId]);
  for (let start = 0; start < ids.length; start += CHUNK) {
    for (const { id, text } of await db
      .select({ id: completions.id, text: completions.text })
      .from(completions)
      .where(inArray(completions.id, ids.slice(start, start + CHUNK))))
      texts.set(id, text);
  }
  const asked = new Map<string, { messages: Message[]; reference: string | null; contentHash: string }>();
  for (let start = 0; start < pairs.length; start += CHUNK) {
    const rows = await db
      .select()
      .from(prompts)
      .where(
        inArray(
          prompts.id,
          pairs.slice(start, start + CHUNK).map(({ promptId }) => promptId),
        ),
      );
    for (const row of rows) asked.set(row.id, row);
  }
  return pairs.flatMap((pair) => {
    const prompt = asked.get(pair.promptId);
    const [firstText, secondText] = [texts.get(pair.firstId), texts.get(pair.secondId)];
    if (prompt === undefined || firstText === undefined || secondText === undefined) return [];
    return [{ ...pair, messages: prompt.messages, reference: prompt.reference, promptHash: prompt.contentHash, firstText, secondText }];
  });
}

export async function insertJudgedPairs(db: Db, pairs: readonly NewJudgedPair[]): Promise<void> {
  for (let start = 0; start < pairs.length; start += CHUNK)
    await db
      .insert(judgedPairs)
      .values(pairs.slice(start, start + CHUNK))
      .onConflictDoNothing();
}

export function selectJudgedPairs(db: Db, runId: string) {
  return db
    .select()
    .from(judgedPairs)
    .where(eq(judgedPairs.runId, runId))
    .orderBy(asc(judgedPairs.promptId), asc(judgedPairs.firstId), asc(judgedPairs.secondId));
}

/** Says what the judge said of a pair, with the first model's completion shown first or second. */
export async function setVerdict(
  db: Db,
  pair: { runId: string; firstId: string; secondId: string },
  shown: "first" | "second",
  verdict: Verdict,
): Promise<void> {
  await db
    .update(judgedPairs)
    .set(shown === "first" ? { shownFirst: verdict } : { shownSecond: verdict })
    .where(and(eq(judgedPairs.runId, pair.runId), eq(judgedPairs.firstId, pair.firstId), eq(judgedPairs.secondId, pair.secondId)));
}

export async function selectJudgeAnswers(db: Db, hashes: readonly string[]): Promise<Map<string, JudgeAnswerRow>> {
  const found = new Map<string, JudgeAnswerRow>();
  for (let start = 0; start < hashes.length; start += CHUNK) {
    for (const row of await db
      .select()
      .from(judgeAnswers)
      .where(inArray(judgeAnswers.hash, hashes.slice(start, start + CHUNK))))
      found.set(row.hash, row);
  }
  return found;
}

export async function insertJudgeAnswer(db: Db, answer: Omit<JudgeAnswerRow, "createdAt">): Promise<void> {
  await db.insert(judgeAnswers).values(answer).onConflictDoNothing();
}

/** Votes that count and rank the two completions of a pair of the run, one row each. */
export function selectVotesOnPairs(db: Db, runId: string) {
  return db
    .select({
      firstId: judgedPairs.firstId,
      secondId: judgedPairs.secondId,
      annotatorId: judgements.annotatorId,
      simulated: users.simulated,
      shownOrder: judgements.shownOrder,
      ranks: judgements.ranks,
    })
    .from(judgedPairs)
    .innerJoin(firstOfItem, eq(firstOfItem.completionId, judgedPairs.firstId))
    .innerJoin(secondOfItem, and(eq(secondOfItem.itemId, firstOfItem.itemId), eq(secondOfItem.completionId, judgedPairs.secondId)))
    .innerJoin(judgements, eq(judgements.itemId, firstOfItem.itemId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(eq(judgedPairs.runId, runId), counts));
}
