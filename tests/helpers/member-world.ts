/** A project for members only, with something of every kind in it, a member of each role and people outside. */
import { randomUUID } from "node:crypto";
import { eq, inArray } from "drizzle-orm";
import type { Db } from "../../db/client";
import { upsertMember } from "../../db/queries/members";
import { updateProject } from "../../db/queries/projects";
import { upsertScores } from "../../db/queries/scores";
import { items, judgements, models, projects, prompts, runs } from "../../db/schema";
import { newHumanEvaluationSchema } from "../../domain/human-evaluation";
import { DEFAULT_SCALES } from "../../domain/scale";
import { newEndpointSchema } from "../../domain/endpoint";
import { DEFAULT_ANNOTATION } from "../../domain/annotation/settings";
import { PROJECT_ROLES, type ProjectRole } from "../../domain/project-role";
import { defaultQueue } from "../../domain/queue";
import { runConfigSchema } from "../../domain/run";
import type { UserContext } from "../../server/context";
import { createEndpoint } from "../../server/services/endpoint";
import { createHumanEvaluation } from "../../server/services/human-evaluation";
import { createInvitation } from "../../server/services/invitation";
import { createWebhook, testWebhook } from "../../server/services/webhook";
import { addItem, addUser } from "./project-world";
import { addRun, createRunWorld } from "./run-world";

export type MemberIds = Record<
  | "project"
  | "slug"
  | "run"
  | "evaluation"
  | "otherEvaluation"
  | "dataset"
  | "checkpoint"
  | "base"
  | "prompt"
  | "item"
  | "judgement"
  | "modelA"
  | "modelB"
  | "member"
  | "invitation"
  | "humanEvaluation"
  | "endpoint"
  | "webhook"
  | "delivery"
  | "endpointRun"
  | "judgeRun",
  string
>;

export type MemberWorld = {
  ids: MemberIds;
  admin: UserContext;
  members: Record<ProjectRole, UserContext>;
  outsiders: { annotator: UserContext; researcher: UserContext };
};

export async function createMemberWorld(db: Db): Promise<MemberWorld> {
  const world = await createRunWorld(db);
  const { projectId } = world;
  const admin = await addUser(db, "admin");
  const members = {} as Record<ProjectRole, UserContext>;
  for (const role of PROJECT_ROLES) {
    // The role of the account is the least: what a member may do comes from the project.
    members[role] = await addUser(db, "annotator");
    await upsertMember(db, { projectId, userId: members[role].user.id, role });
  }
  const spare = await addUser(db, "annotator");
  await upsertMember(db, { projectId, userId: spare.user.id, role: "annotator" });
  await updateProject(db, projectId, { access: "members" });
  const run = await addRun(world);
  const evaluation = await addRun(world, { config: runConfigSchema.parse({ kind: "evaluation" }) });
  const otherEvaluation = await addRun(world, { config: runConfigSchema.parse({ kind: "evaluation" }) });
  // Something needs it, so that nobody can delete it.
  const score = { metric: "reward/accuracy", value: 0.7, low: 0.6, high: 0.8, n: 12, signature: "test" };
  await upsertScores(db, [{ ...score, projectId, checkpointId: world.reward.id, runId: evaluation.id }]);
  const { itemId } = await addItem(db, projectId, ["one", "another"], { seats: 9 });
  const [judgement] = await db
    .select({ id: judgements.id, itemId: judgements.itemId })
    .from(judgements)
    .where(eq(judgements.projectId, projectId))
    .limit(1);
  const [voted] = await db
    .select({ promptId: items.promptId })
    .from(items)
    .where(eq(items.id, judgement?.itemId ?? ""));
  const [prompt] = await db
    .select({ id: prompts.id })
    .from(prompts)
    .where(eq(prompts.id, voted?.promptId ?? ""));
  const [project] = await db.select({ slug: projects.slug }).from(projects).where(eq(projects.id, projectId));
  const [modelA, modelB] = await db.select({ id: models.id }).from(models).where(eq(models.projectId, projectId));
  const invitation = await createInvitation(members.owner, { projectId, role: "reviewer", email: null, maxUses: 1, days: 1 });
  const endpoint = await createEndpoint(admin, {
    // Nobody answers there.
    ...newEndpointSchema.parse({ name: "Outside", model: "m", baseUrl: "http://127.0.0.1:2/v1" }),
    projectId,
    shared: false,
    apiKey: null,
  });
  const [endpointRun, judgeRun] = [
    await addRun(world, { config: runConfigSchema.parse({ kind: "sample", split: "train" }) }),
    await addRun(world, { config: runConfigSchema.parse({ kind: "judge", firstModelId: modelA?.id, secondModelId: modelB?.id }) }),
  ];
  await db
    .update(runs)
    .set({ endpointId: endpoint.id })
    .where(inArray(runs.id, [endpointRun.id, judgeRun.id]));
  const humanEvaluation = await createHumanEvaluation(
    members.researcher,
    newHumanEvaluationSchema.parse({
      projectId,
      name: "Asked",
      models: [{ modelId: modelA?.id }, { modelId: modelB?.id }],
      prompts: { from: "split", split: "train", count: 1 },
      scales: DEFAULT_SCALES,
      overlap: 1,
      seed: 1,
    }),
  );
  const rules = { secret: "a secret of the tests", allowPrivate: false };
  const webhook = await createWebhook(members.researcher, { projectId, url: "https://example.org/", events: ["judgement.created"] }, rules);
  const { deliveryId } = await testWebhook(members.researcher, { webhookId: webhook.id });
  const ids: MemberIds = {
    project: projectId,
    slug: project?.slug ?? "",
    run: run.id,
    evaluation: evaluation.id,
    otherEvaluation: otherEvaluation.id,
    dataset: world.preferenceDatasetId,
    checkpoint: world.reward.id,
    base: world.base.id,
    prompt: prompt?.id ?? "",
    item: itemId,
    judgement: judgement?.id ?? "",
    modelA: modelA?.id ?? "",
    modelB: modelB?.id ?? "",
    member: spare.user.id,
    invitation: invitation.id,
    humanEvaluation: humanEvaluation.id,
    endpoint: endpoint.id,
    webhook: webhook.id,
    delivery: deliveryId,
    endpointRun: endpointRun.id,
    judgeRun: judgeRun.id,
  };
  if (Object.values(ids).some((id) => id === "")) throw new Error("The world is not complete");
  return { ids, admin, members, outsiders: { annotator: await addUser(db, "annotator"), researcher: await addUser(db, "researcher") } };
}

/** Ids of things that are nowhere. */
export const nowhere = (ids: MemberIds): MemberIds => Object.fromEntries(Object.keys(ids).map((key) => [key, randomUUID()])) as MemberIds;

const page = { limit: 10 };

/** An input that each procedure of a project takes, by its path. */
export const PROJECT_INPUTS: Readonly<Record<string, (ids: MemberIds) => unknown>> = {
  "annotate.next": ({ project }) => ({ projectId: project }),
  "annotate.submit": ({ item }) => ({ itemId: item, clientEventId: randomUUID(), value: { kind: "pairwise", margin: 1 }, activeMs: 10 }),
  "annotate.renew": ({ item }) => ({ itemId: item }),
  "annotate.release": ({ item }) => ({ itemId: item }),
  "annotate.undo": ({ project }) => ({ projectId: project }),
  "annotate.saveDraft": ({ item }) => ({ itemId: item, value: {} }),
  "annotate.history": ({ project }) => ({ projectId: project }),
  "annotate.statistics": ({ project }) => ({ projectId: project }),
  "audit.list": ({ project }) => ({ projectId: project, ...page }),
  "audit.actors": ({ project }) => ({ projectId: project }),
  "checkpoint.agreement": ({ checkpoint }) => ({ id: checkpoint }),
  "checkpoint.scoring": ({ project }) => ({ projectId: project }),
  "checkpoint.get": ({ checkpoint }) => ({ id: checkpoint }),
  "dataset.list": ({ project }) => ({ projectId: project }),
  "dataset.get": ({ dataset }) => ({ datasetId: dataset }),
  "dataset.rows": ({ dataset }) => ({ datasetId: dataset }),
  "dataset.preview": ({ project }) => ({ projectId: project, kind: "preference", filter: {} }),
  "dataset.freeze": ({ project }) => ({ projectId: project, kind: "preference", filter: {} }),
  "endpoint.list": ({ project }) => ({ projectId: project }),
  "endpoint.create": ({ project }) => ({
    projectId: project,
    name: "Another",
    model: "m",
    baseUrl: "https://93.184.216.34/v1",
    shared: false,
    apiKey: null,
  }),
  "endpoint.update": ({ project, endpoint }) => ({
    projectId: project,
    endpointId: endpoint,
    settings: { baseUrl: "https://93.184.216.34/v1" },
  }),
  "endpoint.try": ({ project, endpoint }) => ({ projectId: project, endpointId: endpoint, prompt: "Hello" }),
  "endpoint.remove": ({ project, endpoint }) => ({ projectId: project, endpointId: endpoint }),
  "guideline.list": ({ project }) => ({ projectId: project }),
  "guideline.save": ({ project }) => ({ projectId: project, body: "Be fair", basedOn: 0 }),
  "hub.push": ({ dataset }) => ({ datasetId: dataset, repo: "somebody/votes", visibility: "private" }),
  "humanEvaluation.list": ({ project }) => ({ projectId: project }),
  "humanEvaluation.inputs": ({ project }) => ({ projectId: project }),
  "humanEvaluation.create": ({ project, modelA, modelB }) => ({
    projectId: project,
    name: "Another",
    models: [{ modelId: modelA }, { modelId: modelB }],
    prompts: { from: "split", split: "train", count: 1 },
    scales: DEFAULT_SCALES,
    overlap: 1,
    seed: 1,
  }),
  "humanEvaluation.get": ({ humanEvaluation }) => ({ id: humanEvaluation }),
  "humanEvaluation.votes": ({ humanEvaluation }) => ({ id: humanEvaluation }),
  "humanEvaluation.close": ({ humanEvaluation }) => ({ id: humanEvaluation, closed: true }),
  "item.compare": ({ project, modelA, modelB }) => ({ projectId: project, modelIds: [modelA, modelB], split: "train" }),
  "item.plan": ({ project }) => ({ projectId: project, split: null, maxItems: 10 }),
  "item.make": ({ project }) => ({ projectId: project, split: null, maxItems: 10 }),
  "leaderboard.votes": ({ slug, modelA, modelB }) => ({ slug, a: modelA, b: modelB }),
  "member.list": ({ project }) => ({ projectId: project }),
  "member.change": ({ project, member }) => ({ projectId: project, userId: member, role: "reviewer" }),
  "member.remove": ({ project, member }) => ({ projectId: project, userId: member }),
  "member.invite": ({ project }) => ({ projectId: project, role: "annotator", email: null, maxUses: 1, days: 1 }),
  "member.revoke": ({ invitation }) => ({ invitationId: invitation }),
  "model.merge": ({ checkpoint }) => ({ checkpointId: checkpoint, name: "merged" }),
  "model.delete": ({ checkpoint }) => ({ checkpointId: checkpoint }),
  "project.get": ({ project }) => ({ projectId: project }),
  "project.annotators": ({ project }) => ({ projectId: project }),
  "project.overview": ({ project }) => ({ projectId: project }),
  "project.example": ({ project }) => ({ projectId: project }),
  "project.change": ({ project }) => ({
    projectId: project,
    name: "Renamed",
    description: "",
    overlap: 1,
    leaseSeconds: 600,
    undoSeconds: 300,
    reasons: [],
    published: false,
  }),
  "project.changeAnnotation": ({ project }) => ({ projectId: project, annotation: DEFAULT_ANNOTATION }),
  "prompt.list": ({ project }) => ({ projectId: project }),
  "prompt.facets": ({ project }) => ({ projectId: project }),
  "prompt.get": ({ prompt }) => ({ promptId: prompt }),
  "quality.report": ({ project }) => ({ projectId: project }),
  "quality.toReview": ({ project }) => ({ projectId: project }),
  "quality.review": ({ judgement }) => ({ judgementId: judgement, verdict: "accepted", note: "" }),
  "queue.team": ({ project }) => ({ projectId: project }),
  "queue.get": ({ project }) => ({ projectId: project }),
  "queue.change": ({ project }) => ({ projectId: project, settings: defaultQueue }),
  "queue.changeMember": ({ project, member }) => ({
    projectId: project,
    userId: member,
    adjudicator: false,
    paused: false,
    dailyCap: null,
  }),
  "queue.changePurpose": ({ judgement }) => ({ judgementId: judgement, purpose: "work" }),
  "run.get": ({ run }) => ({ id: run }),
  "run.series": ({ run }) => ({ id: run }),
  "run.trials": ({ run }) => ({ id: run }),
  "run.sameData": ({ run }) => ({ id: run }),
  "run.lineage": ({ run }) => ({ id: run }),
  "run.comparable": ({ evaluation }) => ({ id: evaluation }),
  "run.compare": ({ evaluation, otherEvaluation }) => ({ id: evaluation, baselineId: otherEvaluation }),
  "run.rewardByDistance": ({ run }) => ({ id: run }),
  "run.estimate": ({ project, base, dataset }) => ({
    projectId: project,
    config: { kind: "reward" },
    baseCheckpointId: base,
    datasetVersionId: dataset,
  }),
  "run.create": ({ project, base, dataset }) => ({
    projectId: project,
    config: { kind: "reward" },
    baseCheckpointId: base,
    datasetVersionId: dataset,
    name: "A run",
  }),
  "run.sample": ({ project, base }) => ({
    projectId: project,
    checkpointIds: [base],
    endpointIds: [],
    split: "train",
    maxPrompts: 1,
    completionsPerPrompt: 1,
    temperature: 1,
    maxNewTokens: 8,
    onlyMissing: true,
    maxCost: null,
    makeItems: false,
  }),
  "run.requests": ({ endpointRun }) => ({ id: endpointRun }),
  "run.retryFailed": ({ endpointRun }) => ({ id: endpointRun }),
  "run.setBudget": ({ endpointRun }) => ({ id: endpointRun, maxCost: 5 }),
  "run.judgeReport": ({ judgeRun }) => ({ id: judgeRun }),
  "run.pause": ({ run }) => ({ id: run }),
  "run.resume": ({ run }) => ({ id: run }),
  "run.cancel": ({ run }) => ({ id: run }),
  "run.retry": ({ run }) => ({ id: run }),
  "run.events": ({ run }) => ({ id: run }),
  "webhook.list": ({ project }) => ({ projectId: project }),
  "webhook.create": ({ project }) => ({ projectId: project, url: "https://example.org/", events: ["judgement.created"] }),
  "webhook.change": ({ webhook }) => ({ webhookId: webhook, url: "https://example.org/", events: ["judgement.created"], enabled: true }),
  "webhook.renewSecret": ({ webhook }) => ({ webhookId: webhook }),
  "webhook.test": ({ webhook }) => ({ webhookId: webhook }),
  "webhook.deliveries": ({ webhook }) => ({ webhookId: webhook }),
  "webhook.resend": ({ delivery }) => ({ deliveryId: delivery }),
  "webhook.remove": ({ project, webhook }) => ({ projectId: project, webhookId: webhook }),
};
