/** Which judgements and references go into a dataset version, and what a version remembers of that choice. */
import { z } from "zod";
import { itemModeSchema } from "./judgement";

/** Votes of simulated annotators never mix with people's unless asked. */
export const preferenceFilterSchema = z.strictObject({
  includeSimulated: z.boolean().default(false),
  modes: z.array(itemModeSchema).min(1).default(["pairwise", "ranking", "best_of_n", "rating", "edit"]),
  /** Only items of this round; null takes all. */
  roundId: z.uuid().nullable().default(null),
  /** Leave out rankings that were submitted in the order they were first shown. */
  excludeUntouched: z.boolean().default(false),
});
export type PreferenceFilter = z.infer<typeof preferenceFilterSchema>;

export const sftFilterSchema = z
  .strictObject({
    /** One row for each prompt with a reference answer. */
    references: z.boolean().default(true),
    /** One row for each prompt whose judged completions have a single best one. */
    bestRanked: z.boolean().default(false),
    /** One row for each demonstration and each edited completion. */
    written: z.boolean().default(false),
    includeSimulated: z.boolean().default(false),
  })
  .refine(({ references, bestRanked, written }) => references || bestRanked || written, {
    error: "Choose references, best-ranked completions, or written answers",
    path: ["references"],
  });
export type SftFilter = z.infer<typeof sftFilterSchema>;

export const datasetChoiceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("preference"), filter: preferenceFilterSchema.default(() => preferenceFilterSchema.parse({})) }),
  z.strictObject({ kind: z.literal("sft"), filter: sftFilterSchema.default(() => sftFilterSchema.parse({})) }),
]);
export type DatasetChoice = z.infer<typeof datasetChoiceSchema>;

/** Judgements that are on record and not in the version, by why. */
export type ExcludedCounts = {
  bothBad: number;
  skipped: number;
  flagged: number;
  undone: number;
  simulated: number;
  untouched: number;
  noPreference: number;
};

export const noneExcluded = (): ExcludedCounts => ({
  bothBad: 0,
  skipped: 0,
  flagged: 0,
  undone: 0,
  simulated: 0,
  untouched: 0,
  noPreference: 0,
});

/** What `dataset_versions.filter` holds: the choice, and what it left out. */
export type StoredFilter = (PreferenceFilter | SftFilter) & { excluded: ExcludedCounts };
