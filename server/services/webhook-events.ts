/** What a project's webhooks are told, in the transaction of what happened: it is told if and only if that is stored. */
import type { Db } from "../../db/client";
import { insertEvent, isItemComplete } from "../../db/queries/webhooks";
import { lockItem } from "../../db/queries/queue";
import type { JudgementValue } from "../../domain/judgement";
import type { ItemPurpose } from "../../domain/queue";
import type { WebhookEvent } from "../../domain/webhook";

type Judged = { id: string; projectId: string; itemId: string; value: JudgementValue; purpose: ItemPurpose };

const toData = ({ id, itemId, value, purpose }: Judged) => ({ judgement_id: id, item_id: itemId, kind: value.kind, purpose });

/** After the seat of the judgement is taken. `wanted` are the events that any webhook of the project wants. */
export async function tellOfJudgement(tx: Db, judgement: Judged, wanted: readonly WebhookEvent[]): Promise<void> {
  const { projectId, itemId, value, purpose } = judgement;
  if (wanted.includes("judgement.created")) await insertEvent(tx, { projectId, event: "judgement.created", data: toData(judgement) });
  if (!wanted.includes("item.completed") || value.kind === "skip" || purpose !== "work") return;
  // Of the last two votes side by side, the second sees the first: one of them tells.
  await lockItem(tx, itemId);
  if (await isItemComplete(tx, itemId)) await insertEvent(tx, { projectId, event: "item.completed", data: { item_id: itemId } });
}

export async function tellOfUndo(tx: Db, judgement: Judged): Promise<void> {
  await insertEvent(tx, { projectId: judgement.projectId, event: "judgement.undone", data: toData(judgement) });
}
