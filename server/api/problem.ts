/** Errors of the API as RFC 9457 has them: what went wrong, where to read about it, and the field or line that is meant. */
import { z } from "zod";
import { AppError, type AppErrorCode, type FieldProblem } from "../errors";

/** By the name that ends `type`; the page of examples says what to do about each. */
export const PROBLEMS = {
  "bad-request": [400, "The request cannot be read"],
  unauthorized: [401, "No token that works"],
  forbidden: [403, "This token may not do this"],
  "not-found": [404, "There is no such thing"],
  "method-not-allowed": [405, "This address has no such method"],
  conflict: [409, "This is not possible now"],
  gone: [410, "This is not there any more"],
  "too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body is of no known type"],
  invalid: [422, "What was sent is not valid"],
  "rate-limited": [429, "Too many requests"],
  internal: [500, "Something went wrong on the server"],
  unavailable: [503, "The server cannot answer now"],
} as const satisfies Record<string, readonly [status: number, title: string]>;
export type ProblemName = keyof typeof PROBLEMS;

export const problemSchema = z
  .object({
    type: z.string().describe("Where this kind of problem is explained"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe("What happened and what to do"),
    request_id: z.string().describe("Also in the header X-Request-Id; name it when you ask for help"),
    errors: z
      .array(
        z.object({
          field: z.string().optional().describe("Query parameter or field that is meant"),
          line: z.number().int().optional().describe("Line of JSON lines, or place in the list, counted from 1"),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: "Problem" });
export type ProblemErrors = z.infer<typeof problemSchema>["errors"];

export class Problem extends Error {
  constructor(
    readonly kind: ProblemName,
    detail: string,
    readonly more: { errors?: ProblemErrors; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = "Problem";
  }
}

const BY_CODE = {
  NOT_FOUND: "not-found",
  FORBIDDEN: "forbidden",
  CONFLICT: "conflict",
  BAD_INPUT: "invalid",
  GONE: "gone",
  RATE_LIMITED: "rate-limited",
  UNAVAILABLE: "unavailable",
} as const satisfies Record<AppErrorCode, ProblemName>;

/** Anything thrown; what is not ours to tell is hidden. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof AppError) return new Problem(BY_CODE[error.code], error.message, { ...namedFields(error.fields), cause: error });
  return new Problem(
    "internal",
    "Nothing was changed. Try again, and if it stays so, tell the admin of this installation the request id.",
    { cause: error },
  );
}

export function namedFields(fields: readonly FieldProblem[]): { errors?: ProblemErrors } {
  return fields.length === 0 ? {} : { errors: fields.map(({ field, message }) => ({ ...(field === "" ? {} : { field }), message })) };
}

export function problemResponse(problem: Problem, requestId: string): Response {
  const [status, title] = PROBLEMS[problem.kind];
  const body: z.infer<typeof problemSchema> = {
    type: `/developers#${problem.kind}`,
    title,
    status,
    detail: problem.message,
    request_id: requestId,
    ...(problem.more.errors === undefined ? {} : { errors: problem.more.errors }),
  };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...problem.more.headers } });
}
