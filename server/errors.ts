/** Errors that services throw on purpose: a code, a message for the person, and what caused it. */
import type { z } from "zod";

export const APP_ERROR_CODES = ["NOT_FOUND", "FORBIDDEN", "CONFLICT", "BAD_INPUT", "GONE", "RATE_LIMITED", "UNAVAILABLE"] as const;
export type AppErrorCode = (typeof APP_ERROR_CODES)[number];

/** The message reaches the person as it is, so it says what happened and what to do, and holds no secret. */
export class AppError extends Error {
  readonly code: AppErrorCode;
  /** For BAD_INPUT that a form can show beside its fields; empty otherwise. */
  readonly fields: readonly FieldProblem[];

  constructor(code: AppErrorCode, message: string, options?: { cause?: unknown; fields?: readonly FieldProblem[] }) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
    this.fields = options?.fields ?? [];
  }
}

export type FieldProblem = { field: string; message: string };

/** BAD_INPUT that names its field, as a failed parse does. */
export function fieldError(field: string, message: string): AppError {
  return new AppError("BAD_INPUT", `${field}: ${message}`, { fields: [{ field, message }] });
}

/** One line for each thing that is wrong, named by its field ("completions.2: ..."); "" is the whole input. */
export function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.map((issue) => ({ field: issue.path.map(String).join("."), message: issue.message }));
}

/** The same as one sentence list, for places that can only show text. */
export function describeFieldProblems(problems: readonly FieldProblem[]): string {
  return problems.map((p) => (p.field === "" ? p.message : `${p.field}: ${p.message}`)).join("; ");
}
