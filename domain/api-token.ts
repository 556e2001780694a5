/** Tokens of programs: what each scope opens, and what a person gives to make one. */
import { z } from "zod";
import type { Role } from "./user";

export const API_SCOPES = [
  "projects:read",
  "prompts:write",
  "items:write",
  "judgements:read",
  "judgements:write",
  "datasets:read",
  "datasets:write",
  "runs:read",
  "runs:write",
] as const;
export const apiScopeSchema = z.enum(API_SCOPES);
export type ApiScope = z.infer<typeof apiScopeSchema>;

/** What a person reads beside the tick box. */
export const SCOPE_WORDS: Readonly<Record<ApiScope, string>> = {
  "projects:read": "Read projects, prompts, completions, items and their state, and the leaderboard",
  "prompts:write": "Add prompts and completions",
  "items:write": "Add items to judge, with their prompts and completions",
  "judgements:read": "Read judgements; annotators are pseudonyms",
  "judgements:write": "Import comparisons that were judged elsewhere",
  "datasets:read": "Read dataset versions and their rows",
  "datasets:write": "Freeze dataset versions",
  "runs:read": "Read runs, their state and scores",
  "runs:write": "Start runs, which take a worker's time and, on endpoints, cost what they cost",
};

/** Every scope opens data of whole projects, so a token is for those who see them anyway. */
export const TOKEN_ROLE: Role = "researcher";

/** Days until a token ends by itself; null for never. */
export const TOKEN_LIFETIMES = [30, 90, 365, null] as const;

export const newApiTokenSchema = z.strictObject({
  name: z.string().trim().min(1, "Say what will use it").max(80, "At most 80 characters"),
  scopes: z.array(apiScopeSchema).min(1, "Choose at least one").max(API_SCOPES.length),
  /** Null for all projects of the person. */
  projectId: z.uuid().nullable(),
  days: z.number().int().min(1, "At least a day").max(3650, "At most ten years").nullable(),
});
export type NewApiToken = z.infer<typeof newApiTokenSchema>;
