/** Judgements as programs follow them: in the order in which they were given or taken back, none missed and none twice. */
import { type FeedFilter, selectFedJudgement, selectFeedHorizon, selectJudgementFeed } from "../../db/queries/exports";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { type StoredRecord, toRecords } from "./export";

const PAGE = 1000;

/** Up to `limit` judgements after `after`, and whether there are more by now. */
export async function listFedJudgements(
  ctx: UserContext,
  input: FeedFilter & { after: { at: string; id: string } | undefined; limit: number },
): Promise<{ rows: StoredRecord[]; more: boolean }> {
  const rows = await selectJudgementFeed(ctx.db, { ...input, horizon: await selectFeedHorizon(ctx.db), limit: input.limit + 1 });
  return { rows: await toRecords(ctx, input.projectId, rows.slice(0, input.limit)), more: rows.length > input.limit };
}

/** All of them up to now. */
export async function* readFedJudgements(
  ctx: UserContext,
  input: FeedFilter & { after: { at: string; id: string } | undefined },
): AsyncGenerator<StoredRecord> {
  let { after } = input;
  while (true) {
    const { rows, more } = await listFedJudgements(ctx, { ...input, after, limit: PAGE });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || !more) return;
    after = { at: last.updatedAt, id: last.id };
  }
}

/** Throws NOT_FOUND. */
export async function getFedJudgement(ctx: UserContext, input: { projectId: string; judgementId: string }): Promise<StoredRecord> {
  const row = await selectFedJudgement(ctx.db, input);
  const [record] = row === null ? [] : await toRecords(ctx, input.projectId, [row]);
  if (record === undefined) throw new AppError("NOT_FOUND", "There is no such judgement in this project.");
  return record;
}
