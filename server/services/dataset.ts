/**
 * Dataset versions: judgements and references frozen into rows that never change, with a hash over them.
 *
 * The hash is the sha256 of the canonical JSON of {split, groupKey, content} of every row, one a line, in order of the
 * prompts' content hashes: the same votes on the same texts have the same hash in every installation.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Db } from "../../db/client";
import {
  type DatasetVersionRow,
  insertDatasetRows,
  insertDatasetVersion,
  selectDatasetByHash,
  selectDatasetRowPage,
  selectDatasetSources,
  selectDatasetVersion,
  selectDatasetVersions,
  selectLeakingGroups,
  selectNextVersion,
} from "../../db/queries/datasets";
import { insertEvent } from "../../db/queries/webhooks";
import { isUniqueViolation } from "../../db/unique-violation";
import { canonicalJson } from "../../domain/canonical";
import type { DatasetRow, PreferenceRow, SftRow } from "../../domain/dataset";
import { type DatasetChoice, datasetChoiceSchema, type ExcludedCounts, noneExcluded } from "../../domain/dataset-filter";
import { toTrlPreference, toTrlSft } from "../../domain/formats/trl";
import type { Split } from "../../domain/prompt";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError, describeFieldProblems, fieldProblems } from "../errors";
import { collectRows } from "./dataset-rows";

const PAGE = 500;

export type DatasetPreview = {
  counts: Record<Split, number>;
  /** Rows whose completions are all of one rank: kept, and no pair of a TRL export. */
  ties: number;
  excluded: ExcludedCounts;
  simulated: boolean;
  hash: string;
};

const hashLine = ({ split, groupKey, content }: DatasetRow) => `${canonicalJson({ split, groupKey, content })}\n`;

async function measureRows(tx: Db, projectId: string, choice: DatasetChoice): Promise<DatasetPreview> {
  const leaking = await selectLeakingGroups(tx, projectId);
  if (leaking.length > 0) {
    throw new AppError(
      "CONFLICT",
      `Prompts of one group lie in different splits (${leaking.map(({ groupKey }) => groupKey).join(", ")}). Put each group into one split first.`,
    );
  }
  const sha = createHash("sha256");
  const counts: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  const excluded = noneExcluded();
  let ties = 0;
  let simulated = false;
  for await (const { row, fromSimulated } of collectRows(tx, projectId, choice, excluded)) {
    sha.update(hashLine(row));
    counts[row.split] += 1;
    simulated ||= fromSimulated;
    if ("ranks" in row.content && new Set(row.content.ranks).size === 1) ties += 1;
  }
  return { counts, ties, excluded, simulated, hash: sha.digest("hex") };
}

/** What a freeze would hold now. */
export async function previewDataset(ctx: UserContext, input: { projectId: string } & DatasetChoice): Promise<DatasetPreview> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const choice = parseChoice(input);
  return ctx.db.transaction((tx) => measureRows(tx, input.projectId, choice), { isolationLevel: "repeatable read" });
}

/** Scripts call with part of a filter: the rest takes its defaults, an unknown key is refused. */
export type FreezeInput = { projectId: string; kind: "preference" | "sft"; filter?: Record<string, unknown> };

function parseChoice({ kind, filter }: Pick<FreezeInput, "kind" | "filter">): DatasetChoice {
  const parsed = datasetChoiceSchema.safeParse({ kind, filter });
  if (parsed.success) return parsed.data;
  const fields = fieldProblems(parsed.error);
  throw new AppError("BAD_INPUT", describeFieldProblems(fields), { fields });
}

/**
 * Makes an immutable version of what `filter` chooses now. Rows that equal those of an earlier version of the kind
 * give that version back (`created` false): one content, one version.
 */
export async function freezeDataset(ctx: UserContext, input: FreezeInput): Promise<DatasetVersionRow & { created: boolean }> {
  const { projectId } = await requireProject(ctx, { project: input.projectId }, "researcher");
  const choice = parseChoice(input);
  const freeze = () =>
    ctx.db.transaction(
      async (tx) => {
        const { counts, excluded, simulated, hash } = await measureRows(tx, projectId, choice);
        if (counts.train + counts.validation + counts.test === 0) throw new AppError("CONFLICT", explainEmpty(choice, excluded));
        const known = await selectDatasetByHash(tx, { projectId, kind: choice.kind, hash });
        if (known !== null) return { ...known, created: false };
        const version = await insertDatasetVersion(tx, {
          id: randomUUID(),
          projectId,
          kind: choice.kind,
          version: await selectNextVersion(tx, projectId, choice.kind),
          hash,
          counts,
          simulated,
          filter: { ...choice.filter, excluded },
          createdBy: ctx.user.id,
        });
        await storeRows(tx, projectId, choice, version);
        await insertEvent(tx, {
          projectId,
          event: "dataset.created",
          data: { dataset_id: version.id, kind: version.kind, version: version.version },
        });
        await recordAction(tx, ctx.user.id, {
          action: "dataset.frozen",
          projectId,
          kind: "dataset",
          id: version.id,
          details: { kind: version.kind, version: version.version, hash },
        });
        return { ...version, created: true };
      },
      { isolationLevel: "repeatable read" },
    );
  for (let attempt = 1; ; attempt++) {
    try {
      return await freeze();
    } catch (error) {
      // Another freeze took the version number after this snapshot began.
      if (attempt === 3 || !isUniqueViolation(error)) throw error;
    }
  }
}

async function storeRows(tx: Db, projectId: string, choice: DatasetChoice, version: DatasetVersionRow): Promise<void> {
  const sha = createHash("sha256");
  let ordinal = 0;
  let batch: Parameters<typeof insertDatasetRows>[1] = [];
  for await (const { row } of collectRows(tx, projectId, choice, noneExcluded())) {
    sha.update(hashLine(row));
    batch.push({ datasetVersionId: version.id, ordinal, ...row });
    ordinal += 1;
    if (batch.length === PAGE) {
      await insertDatasetRows(tx, batch);
      batch = [];
    }
  }
  await insertDatasetRows(tx, batch);
  if (sha.digest("hex") !== version.hash) throw new Error("The rows changed while they were frozen");
}

function explainEmpty(choice: DatasetChoice, excluded: ExcludedCounts): string {
  if (choice.kind === "sft")
    return "No prompt gives a row: import prompts with reference answers, or judge completions and choose the best-ranked.";
  if (excluded.simulated > 0) return `There are no votes by people yet; ${excluded.simulated} by simulated annotators were left out.`;
  return "There are no votes that tell one completion from another yet.";
}

export async function listDatasets(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return selectDatasetVersions(ctx.db, input.projectId);
}

/** A version with the number of judgements and annotators behind it. */
export async function getDataset(ctx: UserContext, input: { datasetId: string }) {
  await requireProject(ctx, { dataset: input.datasetId }, "researcher");
  const version = await selectDatasetVersion(ctx.db, input.datasetId);
  if (version === null) throw new AppError("NOT_FOUND", "There is no such dataset version.");
  return { ...version, sources: await selectDatasetSources(ctx.db, version.id) };
}

/** Rows in their frozen order, read in pages. */
export async function* readDatasetRows(
  ctx: { db: Db },
  input: { datasetId: string; splits?: readonly Split[] },
): AsyncGenerator<DatasetRow & { ordinal: number }> {
  let afterOrdinal = -1;
  while (true) {
    const page = await selectDatasetRowPage(ctx.db, { versionId: input.datasetId, afterOrdinal, limit: PAGE, splits: input.splits });
    for (const { datasetVersionId: _, ...row } of page) {
      afterOrdinal = row.ordinal;
      yield row;
    }
    if (page.length < PAGE) return;
  }
}

export async function listDatasetRows(
  ctx: UserContext,
  input: { datasetId: string; afterOrdinal: number; limit: number; splits?: readonly Split[] },
) {
  await requireProject(ctx, { dataset: input.datasetId }, "researcher");
  return selectDatasetRowPage(ctx.db, { versionId: input.datasetId, ...input });
}

export type ExportFormat =
  | { format: "hone" }
  | { format: "trl-preference"; prompt: "explicit" | "implicit"; shape: "messages" | "string" }
  | { format: "trl-sft"; layout: "messages" | "prompt-completion"; shape: "messages" | "string" };

/**
 * The rows of a file. "hone" has every row as it was frozen, ties too; TRL's preference format has one for each strictly
 * ordered pair.
 */
export async function* exportDataset(
  ctx: UserContext,
  input: { datasetId: string; splits?: readonly Split[] } & ExportFormat,
): AsyncGenerator<Record<string, unknown>> {
  const { kind, projectId } = await getDataset(ctx, input);
  const needed = { hone: kind, "trl-preference": "preference", "trl-sft": "sft" }[input.format];
  if (needed !== kind)
    throw new AppError("BAD_INPUT", `format: ${input.format} needs a dataset version of kind ${needed}, and this one is of kind ${kind}`);
  const { datasetId: id, ...details } = input;
  await recordAction(ctx.db, ctx.user.id, { action: "dataset.exported", projectId, kind: "dataset", id, details });
  for await (const row of readDatasetRows(ctx, input)) {
    yield* toExportRows(row, input);
  }
}

/** What a row is in a format; TRL's preference format has one for each strictly ordered pair. */
export function toExportRows(row: DatasetRow, format: ExportFormat): Record<string, unknown>[] {
  switch (format.format) {
    case "hone":
      return [{ ...row.content, split: row.split, group: row.groupKey, judgement_id: row.judgementId, prompt_id: row.promptId }];
    case "trl-preference":
      return toTrlPreference(row as DatasetRow<PreferenceRow>, format);
    case "trl-sft":
      return [toTrlSft(row as DatasetRow<SftRow>, format)];
    default:
      return format satisfies never;
  }
}
