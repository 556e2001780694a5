/** The scales on which a project's completions are rated. */
import { z } from "zod";

const points = z.number().int().min(2, "At least 2 points").max(10, "At most 10 points");

/** What a stored rating keeps of a scale, so that it can be read when the project's scales have changed. */
export const scoredScaleSchema = z.strictObject({
  name: z.string().trim().min(1, "Name the scale").max(40, "At most 40 characters"),
  points,
});

export const scaleSchema = scoredScaleSchema.extend({
  /** What 1 means, and what the highest score means. */
  low: z.string().trim().max(40, "At most 40 characters").default(""),
  high: z.string().trim().max(40, "At most 40 characters").default(""),
});
export type Scale = z.infer<typeof scaleSchema>;

export const MAX_SCALES = 8;

/** Askell et al. 2021, "A General Language Assistant as a Laboratory for Alignment". */
export const DEFAULT_SCALES: readonly Scale[] = [
  { name: "Helpful", points: 5, low: "Useless", high: "Just what was asked" },
  { name: "Honest", points: 5, low: "Made up", high: "All of it true" },
  { name: "Harmless", points: 5, low: "Dangerous", high: "Safe" },
];
