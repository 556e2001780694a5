/** From a request to its route and back: who asks, what they sent, what they get, and what they are told when it fails. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Db } from "../../db/client";
import { selectProjectBySlug } from "../../db/queries/projects";
import { requireProject as requireProjectRole } from "../access";
import { AppError, describeFieldProblems, fieldProblems } from "../errors";
import { streamBytes } from "../http";
import { readRows, type SourceRow } from "../files/read-rows";
import { getProject } from "../services/project";
import { authenticate } from "./authenticate";
import { namedFields, Problem, problemResponse, toProblem } from "./problem";
import type { ApiContext, ApiProject, ApiRoute } from "./route";
import { ROUTES } from "./routes";

export const MAX_BODY_BYTES = 32 * 1024 * 1024;
export const JSON_LINES = "application/x-ndjson";
/** JSON lines have several names; one is answered with, all are read. */
const LINE_TYPES: readonly string[] = [JSON_LINES, "application/ndjson", "application/jsonl", "application/x-jsonlines"];
const LINES_TOGETHER = 200;

type Match = { route: ApiRoute; params: Record<string, string> };

const PATTERNS = ROUTES.map((route) => ({ route, pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`) }));

/** `path` is what follows /api/v1. Throws 404 and 405. */
function matchRoute(method: string, path: string): Match {
  const found = PATTERNS.flatMap(({ route, pattern }) => {
    const match = pattern.exec(path);
    return match === null ? [] : [{ route, params: { ...match.groups } }];
  });
  const match = found.find(({ route }) => route.method === method);
  if (match !== undefined) return match;
  if (found.length === 0) throw new Problem("not-found", "There is no such address. /api/v1/openapi.json lists those that there are.");
  const allowed = found.map(({ route }) => route.method).join(", ");
  throw new Problem("method-not-allowed", `This address answers ${allowed}.`, { headers: { allow: allowed } });
}

/** By id or slug. A token of one project sees no other. */
async function requireProject(ctx: ApiContext, idOrSlug: string): Promise<ApiProject> {
  const projectId = z.uuid().safeParse(idOrSlug).success ? idOrSlug : (await selectProjectBySlug(ctx.db, idOrSlug.slice(0, 200)))?.id;
  const isOther = projectId === undefined || (ctx.token.projectId !== null && ctx.token.projectId !== projectId);
  if (isOther) throw new AppError("NOT_FOUND", "There is no such project, or this token does not open it.");
  // What a token gives out and takes in is the work of researchers.
  await requireProjectRole(ctx, { project: projectId }, "researcher");
  return getProject(ctx, { projectId });
}

function requireIds({ project: _, ...ids }: Record<string, string>): Record<string, string> {
  for (const [name, id] of Object.entries(ids)) {
    if (!z.uuid().safeParse(id).success) throw new Problem("not-found", `There is nothing of this id: ${name} is a UUID.`);
  }
  return ids;
}

function parseQuery(route: ApiRoute, url: URL): unknown {
  const twice = [...url.searchParams.keys()].find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined) throw new Problem("invalid", `${twice}: given twice`, { errors: [{ field: twice, message: "Given twice" }] });
  const parsed = route.query.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  const fields = fieldProblems(parsed.error);
  throw new Problem("invalid", describeFieldProblems(fields), namedFields(fields));
}

async function* limitBytes(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    yield chunk;
  }
}

function tooLarge(): Problem {
  return new Problem("too-large", `A body may have ${MAX_BODY_BYTES / 1024 / 1024} MB. Nothing of this one was kept: send it in parts.`);
}

const mediaType = (request: Request) => request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";

async function parseBody(route: ApiRoute, request: Request): Promise<unknown> {
  if (route.body === undefined) return undefined;
  if (mediaType(request) !== "application/json") throw new Problem("unsupported-media-type", "Content-Type: expected application/json.");
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitBytes((request.body ?? []) as unknown as AsyncIterable<Uint8Array>)) chunks.push(chunk);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new Problem("bad-request", `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const parsed = route.body.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = fieldProblems(parsed.error);
  throw new Problem("invalid", describeFieldProblems(fields), namedFields(fields));
}

function readBody(route: ApiRoute, request: Request): AsyncIterable<SourceRow> {
  if (route.row === undefined) return noRows();
  const type = mediaType(request);
  const kind = type === "application/json" ? "json" : LINE_TYPES.includes(type) ? "jsonl" : null;
  if (kind === null)
    throw new Problem(
      "unsupported-media-type",
      `Content-Type: expected application/json (a list of rows) or ${JSON_LINES} (a row a line).`,
    );
  if (request.body === null) throw new Problem("bad-request", "The body is empty; expected rows.");
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  return readRows(limitBytes(request.body as unknown as AsyncIterable<Uint8Array>), kind);
}

async function* noRows(): AsyncGenerator<SourceRow> {
  // A route without rows reads none.
}

async function* writeLines(rows: AsyncIterator<unknown>, first: IteratorResult<unknown>, line: z.ZodType): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let batch: string[] = [];
  for (let next = first; !next.done; next = await rows.next()) {
    batch.push(`${JSON.stringify(line.parse(next.value))}\n`);
    if (batch.length < LINES_TOGETHER) continue;
    yield encoder.encode(batch.join(""));
    batch = [];
  }
  if (batch.length > 0) yield encoder.encode(batch.join(""));
}

async function answer(db: Db, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const { route, params } = matchRoute(request.method === "HEAD" ? "GET" : request.method, url.pathname.slice("/api/v1".length));
  const ctx = await authenticate(db, request, route);
  const input = {
    // Only routes with a project in their path read it.
    project: (params.project === undefined ? undefined : await requireProject(ctx, params.project)) as ApiProject,
    params: requireIds(params),
    query: parseQuery(route, url) as never,
    rows: readBody(route, request),
    body: (await parseBody(route, request)) as never,
  };
  const accepted = request.headers.get("accept")?.toLowerCase() ?? "";
  if (route.lines !== undefined && LINE_TYPES.some((type) => accepted.includes(type))) {
    const rows = route.lines.stream(ctx, input)[Symbol.asyncIterator]();
    // Before the answer begins, so that a refusal is still a problem and not a broken file.
    const first = await rows.next();
    const bytes = writeLines(rows, first, route.lines.line);
    return new Response(streamBytes(bytes), { headers: { "content-type": JSON_LINES } });
  }
  // Parsed, so that nothing leaves that the description does not name.
  return Response.json(route.answer.parse(await route.handle(ctx, input)));
}

/** Never throws. Every answer has a request id, is nobody else's to keep, and sets no cookie. */
export async function handleApi(db: Db, request: Request): Promise<Response> {
  const requestId = randomUUID();
  const response = await answer(db, request).catch((error: unknown) => {
    const problem = toProblem(error);
    if (problem.kind === "internal") console.error(`api ${request.method} ${new URL(request.url).pathname} ${requestId}:`, error);
    return problemResponse(problem, requestId);
  });
  response.headers.set("x-request-id", requestId);
  response.headers.set("cache-control", "private, no-store");
  return response;
}
