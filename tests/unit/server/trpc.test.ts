/** The error middleware: what reaches a client, what stays here, and how streams end. */
import { TRPCError } from "@trpc/server";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Db } from "../../../db/client";
import { AppError } from "../../../server/errors";
import { createCallerFactory, publicProcedure, router } from "../../../server/trpc";

const testRouter = router({
  appError: publicProcedure.query(() => {
    throw new AppError("CONFLICT", "The seat is taken.");
  }),
  unknown: publicProcedure.query(() => {
    throw new Error("password=hunter2 at db.internal");
  }),
  ownData: publicProcedure.query(() => z.string().parse(1)),
  input: publicProcedure.input(z.strictObject({ rows: z.array(z.strictObject({ n: z.number() })) })).query(() => null),
  /** Never yields, as a stream of events of a run that waits. */
  silence: publicProcedure.subscription(async function* () {
    await new Promise<never>(() => undefined);
    yield 1;
  }),
  stream: publicProcedure.subscription(async function* () {
    yield 1;
    throw new AppError("GONE", "The run is over.");
  }),
});
const context = { db: Object.create(null) as Db, user: null };
const createTestCaller = createCallerFactory(testRouter);
const caller = createTestCaller(context);

/** Reads a stream to its end. */
async function drain(stream: Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const value of await stream) seen.push(value);
  return seen;
}

async function errorOf(promise: Promise<unknown>): Promise<TRPCError> {
  const error: unknown = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(error instanceof TRPCError)) throw new Error("expected a TRPCError");
  return error;
}

describe("errors of procedures", () => {
  it("maps an AppError with its message and keeps it as cause", async () => {
    const error = await errorOf(caller.appError());
    expect(error.code).toBe("CONFLICT");
    expect(error.message).toBe("The seat is taken.");
    expect(error.cause).toBeInstanceOf(AppError);
  });

  it("hides the message of an unknown error and keeps the cause for the log", async () => {
    const error = await errorOf(caller.unknown());
    expect(error.code).toBe("INTERNAL_SERVER_ERROR");
    expect(error.message).not.toContain("hunter2");
    expect((error.cause as Error).message).toContain("hunter2");
  });

  it("treats our own data failing a schema as an unknown error, not as bad input", async () => {
    expect((await errorOf(caller.ownData())).code).toBe("INTERNAL_SERVER_ERROR");
  });

  it("names the field of bad input", async () => {
    const bad = { rows: [{ n: 1 }, { n: "two" }] } as unknown as { rows: { n: number }[] };
    const error = await errorOf(caller.input(bad));
    expect(error.code).toBe("BAD_REQUEST");
    expect(error.message).toMatch(/^rows\.1\.n: /);
  });

  it("maps errors inside a stream after the values before them", async () => {
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of await caller.stream()) seen.push(value);
    })();
    const error = await errorOf(reading);
    expect(seen).toEqual([1]);
    expect(error.cause).toMatchObject({ code: "GONE" });
  });
});

describe("streams", () => {
  const store = globalThis as typeof globalThis & { honeShutdown?: { controller: AbortController } | undefined };
  afterEach(() => {
    store.honeShutdown = undefined;
  });

  it("end with SERVICE_UNAVAILABLE when the process is asked to stop, so that clients connect again", async () => {
    const controller = new AbortController();
    store.honeShutdown = { controller };
    const reading = errorOf(drain(caller.silence()));
    controller.abort();
    expect((await reading).code).toBe("SERVICE_UNAVAILABLE");
  });

  it("are refused at once by a process that is stopping", async () => {
    store.honeShutdown = { controller: new AbortController() };
    store.honeShutdown.controller.abort();
    expect((await errorOf(drain(caller.silence()))).code).toBe("SERVICE_UNAVAILABLE");
  });

  it("end quietly when the client has gone", async () => {
    const client = new AbortController();
    const reading = drain(createTestCaller(context, { signal: client.signal }).silence());
    client.abort();
    expect(await reading).toEqual([]);
  });
});
