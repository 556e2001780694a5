/** For route handlers beside tRPC: who may call, and errors as JSON with the status of their code. */
import type { z } from "zod";
import { type Role, roleAtLeast } from "../domain/user";
import type { ServiceContext, UserContext } from "./context";
import { AppError, type AppErrorCode, describeFieldProblems, fieldProblems } from "./errors";
import { createContext } from "./session";

const STATUS = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  CONFLICT: 409,
  BAD_INPUT: 400,
  GONE: 410,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
} as const satisfies Record<AppErrorCode, number>;

const failure = (status: number, code: string, message: string) => Response.json({ error: { code, message } }, { status });

/** Runs `work` for a signed-in user with at least `role`, or with null for everybody; anything it throws becomes an answer that hides the unknown. */
export function handleAs(role: Role, work: (ctx: UserContext) => Promise<Response>): Promise<Response>;
export function handleAs(role: null, work: (ctx: ServiceContext) => Promise<Response>): Promise<Response>;
export async function handleAs(role: Role | null, work: (ctx: UserContext) => Promise<Response>): Promise<Response> {
  try {
    const { user, ...ctx } = await createContext();
    if (role !== null) {
      if (user === null) return failure(401, "UNAUTHORIZED", "Sign in to do this.");
      if (!roleAtLeast(user.role, role)) return failure(403, "FORBIDDEN", `This needs the role ${role}; yours is ${user.role}.`);
    }
    // By the overloads, work for everybody takes a context without a user.
    return await work({ ...ctx, user } as UserContext);
  } catch (error) {
    if (error instanceof AppError) return failure(STATUS[error.code], error.code, error.message);
    console.error(error);
    return failure(500, "INTERNAL", "Something went wrong on the server. Nothing was changed; please try again.");
  }
}

/** The address's parameters by `schema`; BAD_INPUT names what is wrong. */
export function parseParameters<T extends z.ZodType>(schema: T, request: Request): z.infer<T> {
  const parsed = schema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (parsed.success) return parsed.data;
  const fields = fieldProblems(parsed.error);
  throw new AppError("BAD_INPUT", describeFieldProblems(fields), { fields });
}

/** `chunks` as a response that is written as it is made; the client going away ends the generator. */
export function streamBytes(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
