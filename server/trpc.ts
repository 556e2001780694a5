/**
 * The tRPC kernel: procedures that say who may call them, and the one middleware that turns errors
 * into what a client may see. The role is checked before the input is parsed, so a caller without
 * the right learns nothing about the input.
 */
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { ZodError } from "zod";
import type { ProjectRole } from "../domain/project-role";
import { type Role, roleAtLeast } from "../domain/user";
import type { ServiceContext } from "./context";
import { AppError, type AppErrorCode, describeFieldProblems, type FieldProblem, fieldProblems } from "./errors";
import { shutdownSignal } from "./shutdown";

/** Who may call a procedure; every role includes the ones before it. */
export type ProcedureRole = "public" | Role;
export type ProcedureMeta = {
  role: ProcedureRole;
  /** The role needed in the project that the input leads to; the services see to it (server/access.ts). */
  project?: ProjectRole;
};

const TRPC_CODES = {
  NOT_FOUND: "NOT_FOUND",
  FORBIDDEN: "FORBIDDEN",
  CONFLICT: "CONFLICT",
  BAD_INPUT: "BAD_REQUEST",
  /** tRPC has no 410; `data.appCode` tells it from a failed precondition. */
  GONE: "PRECONDITION_FAILED",
  RATE_LIMITED: "TOO_MANY_REQUESTS",
  UNAVAILABLE: "SERVICE_UNAVAILABLE",
} as const satisfies Record<AppErrorCode, TRPCError["code"]>;

const HIDDEN_MESSAGE = "Something went wrong on the server. Nothing was changed; please try again.";

/** Maps anything thrown by a service, a parser or a library; the original stays as `cause`. */
export function toTRPCError(error: unknown): TRPCError {
  const cause = error instanceof TRPCError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AppError) {
    return new TRPCError({ code: TRPC_CODES[cause.code], message: cause.message, cause });
  }
  // Input that does not parse arrives wrapped as BAD_REQUEST; a bare ZodError is our own data failing.
  if (error instanceof TRPCError && error.code === "BAD_REQUEST" && cause instanceof ZodError) {
    return new TRPCError({ code: "BAD_REQUEST", message: describeFieldProblems(fieldProblems(cause)), cause });
  }
  if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR") return error;
  return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: HIDDEN_MESSAGE, cause });
}

/** What a client may know is told to it; the rest is ours to look into. */
export function logServerError({ error, path }: { error: TRPCError; path: string | undefined }): void {
  if (error.code === "INTERNAL_SERVER_ERROR") console.error(`trpc ${path ?? "?"}:`, error.cause ?? error);
}

/** What a form may show beside its fields. */
function fieldsOf({ code, cause }: TRPCError): readonly FieldProblem[] | null {
  if (code !== "BAD_REQUEST") return null;
  if (cause instanceof ZodError) return fieldProblems(cause);
  return cause instanceof AppError && cause.fields.length > 0 ? cause.fields : null;
}

const t = initTRPC
  .context<ServiceContext>()
  .meta<ProcedureMeta>()
  .create({
    transformer: superjson,
    // A ping keeps proxies from closing idle streams; the client reconnects when pings stay away.
    sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
    errorFormatter({ shape, error }) {
      const { cause } = error;
      const { stack: _hidden, ...data } = shape.data;
      return {
        ...shape,
        message: error.code === "INTERNAL_SERVER_ERROR" ? HIDDEN_MESSAGE : shape.message,
        data: {
          ...data,
          appCode: cause instanceof AppError ? cause.code : null,
          fields: fieldsOf(error),
        },
      };
    },
  });

/**
 * Gives on what `stream` gives. Ends quietly when the client has gone (`request`), and with
 * SERVICE_UNAVAILABLE when the server stops, so that clients reconnect to the next one.
 */
async function* guardStream(stream: AsyncIterable<unknown>, request: AbortSignal | undefined): AsyncGenerator<unknown> {
  const signal = AbortSignal.any(request === undefined ? [shutdownSignal()] : [shutdownSignal(), request]);
  const iterator = stream[Symbol.asyncIterator]();
  const stopped = new Promise<"stopped">((resolve) => {
    if (signal.aborted) resolve("stopped");
    else signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next === "stopped") {
        if (!shutdownSignal().aborted) return;
        throw new TRPCError({ code: "SERVICE_UNAVAILABLE", message: "The server is restarting." });
      }
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw toTRPCError(error);
  } finally {
    // Not awaited: a generator that waits for its next event only returns after that event.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

const mapErrors = t.middleware(async ({ next, type, signal }) => {
  const result = await next();
  if (!result.ok) throw toTRPCError(result.error);
  if (type === "subscription" && isAsyncIterable(result.data)) {
    return { ...result, data: guardStream(result.data, signal) };
  }
  return result;
});

const baseProcedure = t.procedure.use(mapErrors);

function procedureFor(role: Role) {
  return baseProcedure.meta({ role }).use(({ ctx, next }) => {
    const { user } = ctx;
    if (user === null) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in to do this." });
    if (!roleAtLeast(user.role, role)) {
      throw new TRPCError({ code: "FORBIDDEN", message: `This needs the role ${role}; yours is ${user.role}.` });
    }
    return next({ ctx: { ...ctx, user } });
  });
}

export const router = t.router;
export const mergeRouters = t.mergeRouters;
export const createCallerFactory = t.createCallerFactory;

/** Anybody, signed in or not. */
export const publicProcedure = baseProcedure.meta({ role: "public" });
/** Annotators, researchers and admins. */
export const annotatorProcedure = procedureFor("annotator");
/** Researchers and admins. */
export const researcherProcedure = procedureFor("researcher");
/** Everybody signed in, with at least `project` as their role in the project that the input leads to. */
export const projectProcedure = (project: ProjectRole) => procedureFor("annotator").meta({ role: "annotator", project });
/** Admins only. */
export const adminProcedure = procedureFor("admin");
