/** Errors that services throw on purpose: a code, a message for the person, and what caused it. */
import type { z } from "zod";

export const APP_ERROR_CODES = [
  "NOT_FOUND",
  "FORBIDDEN",
  "CONFLICT",
  "BAD_INPUT",
  "GONE",
  "RATE_LIMITED",
  "UNAVAILABLE",
] as const;
export type AppErrorCode = (typeof APP_ERROR_CODES)[number];

/** The message reaches the person as it is, so it says what happened and what to do, and holds no secret. */
export class AppError extends Error {
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}

export type FieldProblem = { field: string; message: string };

/** One line for each thing that is wrong, named by its field ("completions.2: ..."); "" is the whole input. */
export function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.map((issue) => ({ field: issue.path.map(String).join("."), message: issue.message }));
}

/** The same as one sentence list, for places that can only show text. */
export function describeFieldProblems(problems: readonly FieldProblem[]): string {
  return problems.map((p) => (p.field === "" ? p.message : `${p.field}: ${p.message}`)).join("; ");
}
