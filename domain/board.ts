/** What the address of a leaderboard says: which votes count, and how they are read. */
import { z } from "zod";

export const VOTE_FILTERS = ["people", "simulated", "all"] as const;

export const boardSchema = z.strictObject({
  slug: z.string().min(1).max(200),
  /** Whose votes. */
  votes: z.enum(VOTE_FILTERS).default("people"),
  category: z.string().min(1).max(200).optional(),
  style: z.enum(["raw", "controlled"]).default("raw"),
  weights: z.enum(["served", "propensity"]).default("served"),
  /** Model that win rates are given against. */
  baseline: z.uuid().optional(),
  /** Votes up to here. */
  until: z.coerce.date().optional(),
});
