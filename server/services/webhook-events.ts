/** What a project's webhooks are told, in the transaction of what happened: it is told if and only if that is stored. */
import type { Db } from "../../db/client";
import { insertEvent, isItemComplete, selectWantedEvents } from "../../db/queries/webhooks";
import { lockItem } from "../../db/queries/queue";
import type { JudgementValue } from "../../domain/judgement";
import type { ItemPurpose } from "../../domain/queue";

type Judged = { id: string; projectId: string; itemId: string; value: JudgementValue; purpose: ItemPurpose };

const toData = ({ id, itemId, value, purpose }: Judged) => ({ judgement_id: id, item_id: itemId, kind: value.kind, purpose });

/** After the seat of the judgement is taken. */
export async function tellOfJudgement(tx: Db, judgement: Judged): Promise<void> {
  const { projectId, itemId, value, purpose } = judgement;
  const wanted = await selectWantedEvents(tx, projectId);
  if (wanted.has("judgement.created")) await insertEvent(tx, { projectId, event: "judgement.created", data: toData(judgement) });
  if (!wanted.has("item.completed") || value.kind === "skip" || purpose !== "work") return;
  // Of the last two votes side by side, the second sees the first: one of them tells.
  await lockItem(tx, itemId);
  if (await isItemComplete(tx, itemId)) await insertEvent(tx, { projectId, event: "item.completed", data: { item_id: itemId } });
}

export async function tellOfUndo(tx: Db, judgement: Judged): Promise<void> {
  await insertEvent(tx, { projectId: judgement.projectId, event: "judgement.undone", data: toData(judgement) });
}
