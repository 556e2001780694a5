import type { Db } from "../../db/client";
import { selectCompletionsOfItems, selectJudgementPage } from "../../db/queries/exports";
import { type JudgementLayout, type JudgementRecord, LAYOUT_COLUMNS, toLayout } from "../../domain/formats/judgement-layouts";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import type { FileKind } from "../files/file-kind";
import { writeRows } from "../files/write-rows";
import { pseudonymOf } from "../pseudonym";

const PAGE = 1000;

/** Judgements that stand, oldest first. Throws NOT_FOUND with the first one where there is no such project. */
export async function* readJudgements(ctx: UserContext, input: { projectId: string; simulated: boolean }): AsyncGenerator<JudgementRecord> {
  const { projectId } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  let after: { at: string; id: string } | null = null;
  while (true) {
    const page: Awaited<ReturnType<typeof selectJudgementPage>> = await selectJudgementPage(ctx.db, { ...input, after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = { at: last.place, id: last.id };
    for (const { itemId: _, updatedAt: _u, undoneAt: _d, ...record } of await toRecords(ctx, projectId, page)) yield record;
    if (page.length < PAGE) return;
  }
}

type StoredJudgement = Awaited<ReturnType<typeof selectJudgementPage>>[number];
export type StoredRecord = JudgementRecord & Pick<StoredJudgement, "itemId" | "updatedAt" | "undoneAt">;

/** Rows with their item's completions, what they say by those, and who said it as a pseudonym. */
export async function toRecords(ctx: { db: Db }, projectId: string, rows: readonly StoredJudgement[]): Promise<StoredRecord[]> {
  const byItem = new Map<string, JudgementRecord["completions"]>();
  for (const { itemId, ...completion } of await selectCompletionsOfItems(ctx.db, [...new Set(rows.map(({ itemId }) => itemId))])) {
    const list = byItem.get(itemId);
    if (list) list.push(completion);
    else byItem.set(itemId, [completion]);
  }
  return rows.map(({ annotatorId, shownOrder, place: _, ...row }) => {
    const completions = byItem.get(row.itemId) ?? [];
    const shown = shownOrder.map((id) => completions.findIndex((completion) => completion.id === id));
    const { ranks, value } = row;
    return {
      ...row,
      completions,
      shown,
      ranks: ranks === null ? null : completions.map((_completion, i) => ranks[shown.indexOf(i)] ?? 1),
      margin: value.kind === "pairwise" ? (shown[0] === 0 ? value.margin : -value.margin) : null,
      annotator: pseudonymOf(projectId, annotatorId),
    };
  });
}

async function* toRows(records: AsyncIterable<JudgementRecord>, layout: JudgementLayout): AsyncGenerator<Record<string, unknown>> {
  for await (const record of records) yield* toLayout(record, layout);
}

/** The bytes of the file. What checks answer and repetitions said is in Hone's own layout only: the others hold work. */
export async function* exportJudgements(
  ctx: UserContext,
  input: { projectId: string; simulated: boolean; layout: JudgementLayout; file: FileKind },
): AsyncGenerator<Uint8Array> {
  const { projectId, ...details } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  await recordAction(ctx.db, ctx.user.id, { action: "votes.exported", projectId, kind: "project", id: projectId, details });
  yield* writeRows(toRows(onlyWork(readJudgements(ctx, input), input.layout), input.layout), input.file, LAYOUT_COLUMNS[input.layout]);
}

async function* onlyWork(records: AsyncIterable<JudgementRecord>, layout: JudgementLayout): AsyncGenerator<JudgementRecord> {
  for await (const record of records) if (layout === "hone" || record.purpose === "work") yield record;
}
