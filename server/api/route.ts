/**
 * A route of the API, told once: the handler (handle.ts), the OpenAPI document (openapi.ts) and the tests of who may
 * call it are all made from this.
 */
import type { z } from "zod";
import type { ApiScope } from "../../domain/api-token";
import type { UserContext } from "../context";
import type { SourceRow } from "../files/read-rows";
import type { TokenHolder } from "../services/api-token";
import type { getProject } from "../services/project";

export type ApiContext = UserContext & { token: TokenHolder["token"] };

export type ApiProject = Awaited<ReturnType<typeof getProject>>;

/** `project` is there where the path has it; `params` are the ids of the path; `rows` are those of the body, `body` is all of it. */
export type RouteInput<Query, Body = undefined> = {
  project: ApiProject;
  params: Readonly<Record<string, string>>;
  query: Query;
  rows: AsyncIterable<SourceRow>;
  body: Body;
};

type RouteWords = {
  method: "GET" | "POST";
  /** Under /api/v1. `{project}` is a project's id or slug, everything else in braces an id. */
  path: string;
  /** Name of the operation in clients that are made from the document. */
  id: string;
  tag: "Token" | "Projects" | "Prompts" | "Items" | "Judgements" | "Datasets" | "Runs" | "Leaderboard";
  summary: string;
  description?: string;
  /** Null for any token. */
  scope: ApiScope | null;
};

type RouteSpec<Query extends z.ZodObject, Answer extends z.ZodType, Line extends z.ZodType, Body extends z.ZodType> = RouteWords & {
  query: Query;
  /** A row of the body, which is a JSON list or JSON lines. Only for the document: rows are checked one by one, so that each bad one is told. */
  row?: z.ZodType;
  /** Of a route that takes one JSON object instead of rows; parsed with it. */
  body?: Body;
  answer: Answer;
  handle(ctx: ApiContext, input: RouteInput<z.output<Query>, z.output<Body>>): Promise<z.input<Answer>>;
  /** The same without pages, for those who accept JSON lines. */
  lines?: { line: Line; stream(ctx: ApiContext, input: RouteInput<z.output<Query>>): AsyncIterable<z.input<Line>> };
};

/** A route whose types are checked where it is defined, and that all routes can be listed as. */
export type ApiRoute = RouteWords & {
  query: z.ZodObject;
  row?: z.ZodType;
  body?: z.ZodType;
  answer: z.ZodType;
  handle(ctx: ApiContext, input: RouteInput<never, never>): Promise<unknown>;
  lines?: { line: z.ZodType; stream(ctx: ApiContext, input: RouteInput<never>): AsyncIterable<unknown> };
};

export function defineRoute<
  Query extends z.ZodObject,
  Answer extends z.ZodType,
  Line extends z.ZodType = z.ZodNever,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Query, Answer, Line, Body>): ApiRoute {
  return spec;
}
