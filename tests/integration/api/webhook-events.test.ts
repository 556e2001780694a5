/** What webhooks are told: written with what happened, once, and only to those who want it. */
import { eq, sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { transitionRun } from "../../../db/queries/runs";
import { judgements } from "../../../db/schema";
import { WEBHOOK_EVENTS, type WebhookEvent, webhookDataSchemas } from "../../../domain/webhook";
import type { UserContext } from "../../../server/context";
import { freezeDataset } from "../../../server/services/dataset";
import { submitJudgement, undoJudgement } from "../../../server/services/judgement";
import { reviewJudgement } from "../../../server/services/quality";
import { claimNextItem } from "../../../server/services/queue";
import * as service from "../../../server/services/webhook";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { addRun, createRunWorld } from "../../helpers/run-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
const rules = { secret: "a secret of the tests", allowPrivate: false };

let researcher: UserContext;
let projectId: string;
beforeEach(async () => {
  researcher = await addUser(db(), "researcher");
  projectId = await addProject(db());
});

const makeHook = (events: readonly WebhookEvent[] = WEBHOOK_EVENTS, project = projectId) =>
  service.createWebhook(researcher, { projectId: project, url: "https://hooks.example.org/hone", events: [...events] }, rules);
const events = async (webhookId: string) =>
  (await service.listDeliveries(researcher, { webhookId }))
    .map(({ event, data }) => {
      // As the OpenAPI document describes it.
      if (event !== "webhook.test") webhookDataSchemas[event].parse(data);
      return { event, ...data };
    })
    .reverse();

async function vote(annotator: UserContext, kind: "pairwise" | "skip" = "pairwise") {
  const task = await claimNextItem(annotator, { projectId });
  if (task === null) throw new Error("Nothing to judge");
  const value = kind === "skip" ? { kind, cause: "other" as const } : { kind, margin: -1 };
  const { judgementId } = await submitJudgement(annotator, {
    itemId: task.itemId,
    clientEventId: crypto.randomUUID(),
    value,
    reasons: [],
    comment: "",
    activeMs: 1,
    idleMs: 0,
    untouched: false,
  });
  return { judgementId, itemId: task.itemId };
}

describe("events", () => {
  it("of judging: given, completed, taken back, sent back", async () => {
    const { id } = await makeHook();
    await addItem(db(), projectId, ["yes", "no"], { seats: 2 });
    const [one, two] = [await addUser(db(), "annotator"), await addUser(db(), "annotator")];
    const first = await vote(one);
    const second = await vote(two);
    await undoJudgement(two, { projectId });
    await reviewJudgement(researcher, { judgementId: first.judgementId, verdict: "sent_back", note: "Look again" });
    const { itemId } = first;
    const common = { project_id: projectId, item_id: itemId };
    expect(await events(id)).toEqual([
      { event: "judgement.created", ...common, judgement_id: first.judgementId, kind: "pairwise", purpose: "work" },
      { event: "judgement.created", ...common, judgement_id: second.judgementId, kind: "pairwise", purpose: "work" },
      { event: "item.completed", ...common },
      { event: "judgement.undone", ...common, judgement_id: second.judgementId, kind: "pairwise", purpose: "work" },
      { event: "judgement.undone", ...common, judgement_id: first.judgementId, kind: "pairwise", purpose: "work" },
    ]);
  });

  it("of votes that arrive together complete an item once", async () => {
    const { id } = await makeHook(["item.completed"]);
    const people = await Promise.all(Array.from({ length: 4 }, () => addUser(db(), "annotator")));
    await addItem(db(), projectId, ["left", "right"], { seats: 4 });
    await Promise.all(people.map((person) => vote(person)));
    expect(await events(id)).toHaveLength(1);
  });

  it("a skip completes nothing", async () => {
    const { id } = await makeHook();
    await addItem(db(), projectId, ["up", "down"]);
    await vote(await addUser(db(), "annotator"), "skip");
    expect((await events(id)).map(({ event }) => event)).toEqual(["judgement.created"]);
  });

  it("of datasets and runs", async () => {
    const world = await createRunWorld(db());
    const { id } = await makeHook(["dataset.created", "run.finished"], world.projectId);
    const choice = { projectId: world.projectId, kind: "preference" as const };
    const frozen = await freezeDataset(world.ctx, choice);
    expect((await freezeDataset(world.ctx, choice)).created).toBe(false);
    const run = await addRun(world);
    await transitionRun(db(), { runId: run.id, to: "cancelled", reason: "Stopped by a test" });
    expect(await events(id)).toEqual([
      { event: "dataset.created", project_id: world.projectId, dataset_id: frozen.id, kind: "preference", version: frozen.version },
      { event: "run.finished", project_id: world.projectId, run_id: run.id, kind: "sft", state: "cancelled", reason: "Stopped by a test" },
    ]);
  });

  it("are stored with what they tell of, or neither is", async () => {
    const { id } = await makeHook(["judgement.created"]);
    await addItem(db(), projectId, ["in", "out"]);
    const annotator = await addUser(db(), "annotator");
    await db().execute(sql`alter table webhook_deliveries add constraint refuse_all check (event <> 'judgement.created') not valid`);
    try {
      await expect(vote(annotator)).rejects.toThrow();
    } finally {
      await db().execute(sql`alter table webhook_deliveries drop constraint refuse_all`);
    }
    expect(await db().select().from(judgements).where(eq(judgements.projectId, projectId))).toEqual([]);
    await vote(annotator);
    expect(await events(id)).toHaveLength(1);
  });

  it("go to webhooks of the project that want them and are on", async () => {
    const other = await makeHook(WEBHOOK_EVENTS, await addProject(db()));
    const uninterested = await makeHook(["run.finished"]);
    const off = await makeHook(["judgement.created"]);
    await service.changeWebhook(
      researcher,
      { webhookId: off.id, url: "https://hooks.example.org/hone", events: ["judgement.created"], enabled: false },
      rules,
    );
    await addItem(db(), projectId, ["here", "there"]);
    await vote(await addUser(db(), "annotator"));
    for (const { id } of [other, uninterested, off]) expect(await events(id)).toEqual([]);
  });
});
