/** Outside endpoints: register, change, try, remove. A key goes in and never comes out again but for its last characters. */
import { lookup } from "node:dns/promises";
import { setTimeout } from "node:timers/promises";
import {
  type EndpointRow,
  insertEndpoint,
  removeEndpoint as removeRow,
  reserveRequest,
  selectEndpoint,
  selectEndpointNames,
  selectEndpoints,
  updateEndpoint as updateRow,
} from "../../db/queries/endpoints";
import { changedSettings } from "../../domain/audit";
import { samplingSchema } from "../../domain/completion";
import { costOf, type EndpointAnswer, EndpointError, type EndpointSettings, type NewEndpoint } from "../../domain/endpoint";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { createEndpointClient, sealEndpointKey } from "../endpoint-client";
import { env } from "../env";
import { AppError, fieldError } from "../errors";
import { isPrivateAddress } from "../guarded-fetch";

const KEY_END = 4;
/** A short key would be given away by its end. */
const LONG_KEY = 12;

/** What a browser may see. */
function toShown({ id, projectId, name, model, settings, keyEnd, sealedKey, allowPrivate, createdAt }: EndpointRow) {
  return {
    id,
    name,
    model,
    settings,
    hasKey: sealedKey !== null,
    keyEnd,
    shared: projectId === null,
    privateNetwork: allowPrivate,
    createdAt,
  };
}
export type ShownEndpoint = ReturnType<typeof toShown>;

/** The project's and those of all projects, by name. */
export async function listEndpoints(ctx: UserContext, input: { projectId: string }): Promise<ShownEndpoint[]> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return (await selectEndpoints(ctx.db, input.projectId)).map(toShown);
}

/** An endpoint that the project's researchers may use; one of all projects is its admins' to change. */
async function requireEndpoint(
  ctx: UserContext,
  input: { projectId: string; endpointId: string },
  { change }: { change: boolean },
): Promise<EndpointRow> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const endpoint = await selectEndpoint(ctx.db, input.endpointId);
  if (endpoint === null || endpoint.removedAt !== null || (endpoint.projectId !== null && endpoint.projectId !== input.projectId))
    throw new AppError("NOT_FOUND", "The project has no such endpoint.");
  if (change && endpoint.projectId === null && ctx.user.role !== "admin")
    throw new AppError("FORBIDDEN", "This endpoint serves all projects: only an admin may change it.");
  return endpoint;
}

/**
 * Whether an endpoint at this address may lie in a private network. Only admins may say so: whoever can make the server ask an
 * address of its own network can look around in there. Throws BAD_INPUT.
 */
async function mayBePrivate(ctx: UserContext, baseUrl: string): Promise<boolean> {
  if (ctx.user.role === "admin") return true;
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, "");
  const addresses = await lookup(host, { all: true }).catch(() => []);
  if (addresses.some(({ address }) => isPrivateAddress(address)))
    throw fieldError("baseUrl", "This address is in the server's own network: ask an admin to register it");
  return false;
}

const sealKey = (key: string | null) => ({
  sealedKey: key === null ? null : sealEndpointKey(key, env().auth.secret),
  keyEnd: key === null || key.length < LONG_KEY ? null : key.slice(-KEY_END),
});

/** Throws BAD_INPUT naming the field, FORBIDDEN for one of all projects by anybody but an admin. */
export async function createEndpoint(
  ctx: UserContext,
  input: NewEndpoint & { projectId: string; shared: boolean; apiKey: string | null },
): Promise<ShownEndpoint> {
  const { projectId, shared, apiKey, name, model, ...settings } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  if (shared && ctx.user.role !== "admin") throw new AppError("FORBIDDEN", "Only an admin may register an endpoint for all projects.");
  const namesakes = await selectEndpointNames(ctx.db, { projectId, name });
  if (namesakes.some(({ removedAt }) => removedAt === null)) throw fieldError("name", "There is an endpoint of this name");
  // Completions are told apart by this name, also those of an endpoint that was removed.
  if (namesakes.some((other) => other.model !== model))
    throw fieldError(
      "name",
      `This name has stood for the model ${namesakes.find((other) => other.model !== model)?.model}: choose another`,
    );
  const allowPrivate = await mayBePrivate(ctx, settings.baseUrl);
  const made = await insertEndpoint(ctx.db, {
    projectId: shared ? null : projectId,
    name,
    model,
    settings,
    ...sealKey(apiKey),
    allowPrivate,
    createdBy: ctx.user.id,
  });
  if (made === null) throw fieldError("name", "There is an endpoint of this name");
  await recordAction(ctx.db, ctx.user.id, {
    action: "endpoint.made",
    projectId,
    kind: "endpoint",
    id: made.id,
    details: { model, shared },
  });
  return toShown(made);
}

/**
 * `apiKey` null takes the key away, undefined keeps it; not at another address, or a key could be sent to whoever changes
 * where it goes. Throws BAD_INPUT naming the field.
 */
export async function updateEndpoint(
  ctx: UserContext,
  input: { projectId: string; endpointId: string; settings: EndpointSettings; apiKey?: string | null },
): Promise<void> {
  const { settings, apiKey } = input;
  const endpoint = await requireEndpoint(ctx, input, { change: true });
  const moved = new URL(settings.baseUrl).origin !== new URL(endpoint.settings.baseUrl).origin;
  if (moved && apiKey === undefined && endpoint.sealedKey !== null)
    throw fieldError("apiKey", "The address is another server's: enter its key, or take the key away");
  const allowPrivate = moved || ctx.user.role === "admin" ? await mayBePrivate(ctx, settings.baseUrl) : endpoint.allowPrivate;
  const changed = await updateRow(ctx.db, endpoint.id, { settings, allowPrivate, ...(apiKey === undefined ? {} : sealKey(apiKey)) });
  if (!changed) throw new AppError("NOT_FOUND", "The endpoint was removed meanwhile.");
  const { projectId } = input;
  await recordAction(ctx.db, ctx.user.id, {
    action: "endpoint.changed",
    projectId,
    kind: "endpoint",
    id: endpoint.id,
    details: changedSettings<Record<string, unknown>>(endpoint.settings, settings),
  });
}

/** Its key is forgotten; completions and runs stay. */
export async function removeEndpoint(ctx: UserContext, input: { projectId: string; endpointId: string }): Promise<void> {
  const endpoint = await requireEndpoint(ctx, input, { change: true });
  await removeRow(ctx.db, endpoint.id);
  await recordAction(ctx.db, ctx.user.id, { action: "endpoint.removed", projectId: input.projectId, kind: "endpoint", id: endpoint.id });
}

const TRY_TOKENS = 64;
const TRY_SECONDS = 60;
/** Runs go before a person who tries; waiting longer than this helps nobody. */
const MOST_WAIT_MS = 5_000;

export type TryResult =
  | { ok: true; answer: EndpointAnswer; cost: number; milliseconds: number }
  | { ok: false; error: string; milliseconds: number };

/** Sends one small request and says what came back, or the exact error. Takes a place in the endpoint's line as runs do. */
export async function tryEndpoint(ctx: UserContext, input: { projectId: string; endpointId: string; prompt: string }): Promise<TryResult> {
  const endpoint = await requireEndpoint(ctx, input, { change: false });
  const { settings, model, sealedKey, allowPrivate } = endpoint;
  const waitMs = await reserveRequest(ctx.db, endpoint, TRY_TOKENS);
  if (waitMs > MOST_WAIT_MS)
    throw new AppError("RATE_LIMITED", `Runs have taken the endpoint's next ${Math.round(waitMs / 1000)} seconds. Try again later.`);
  await setTimeout(waitMs);
  const started = performance.now();
  const milliseconds = () => Math.round(performance.now() - started);
  try {
    const answer = await createEndpointClient({ secret: env().auth.secret })(
      { ...settings, model, sealedKey, allowPrivate, timeoutSeconds: Math.min(TRY_SECONDS, settings.timeoutSeconds) },
      { messages: [{ role: "user", content: input.prompt }], sampling: samplingSchema.parse({ maxNewTokens: TRY_TOKENS }) },
    );
    return { ok: true, answer, cost: costOf(settings, answer), milliseconds: milliseconds() };
  } catch (error) {
    if (error instanceof EndpointError) return { ok: false, error: error.message, milliseconds: milliseconds() };
    throw error;
  }
}
