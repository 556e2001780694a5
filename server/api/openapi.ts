/** The OpenAPI 3.1 document, made of the routes: its schemas are those that the handlers parse with. */
import { z } from "zod";
import { API_SCOPES, SCOPE_WORDS } from "../../domain/api-token";
import { EVENT_WORDS, WEBHOOK_EVENTS, type WebhookEvent, webhookDataSchemas } from "../../domain/webhook";
import { MAX_REQUESTS } from "./authenticate";
import { JSON_LINES, MAX_BODY_BYTES } from "./handle";
import { PROBLEMS, type ProblemName, problemSchema } from "./problem";
import type { ApiRoute } from "./route";
import { ROUTES } from "./routes";

type Json = Record<string, unknown>;

/** Schemas with an id become components; the others stay where they are. */
class Components {
  readonly schemas: Json = {};

  schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
    const { $schema: _, $defs, ...json } = z.toJSONSchema(schema, { io, override: dropNoise }) as Json;
    Object.assign(this.schemas, fixReferences($defs ?? {}));
    return fixReferences(json);
  }
}

/** A format says what its pattern does in a word, and whole numbers are safe ones everywhere. */
function dropNoise({ jsonSchema }: { jsonSchema: Json }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function fixReferences(json: unknown): Json {
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    ...(name === "project"
      ? { description: "Id or slug of the project", schema: { type: "string" } }
      : { schema: { type: "string", format: "uuid" } }),
  }));
}

function queryParameters(route: ApiRoute, components: Components): Json[] {
  const { properties = {}, required = [] } = components.schemaOf(route.query, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

const problemNames = (route: ApiRoute): ProblemName[] => [
  "unauthorized",
  ...(route.scope === null ? [] : (["forbidden"] as const)),
  ...(route.path.includes("{") ? (["not-found"] as const) : []),
  ...(route.row === undefined && route.body === undefined
    ? []
    : (["bad-request", "conflict", "too-large", "unsupported-media-type"] as const)),
  "invalid",
  "rate-limited",
  "internal",
];

function operation(route: ApiRoute, components: Components): Json {
  const content: Json = { "application/json": { schema: components.schemaOf(route.answer, "output") } };
  if (route.lines !== undefined) content[JSON_LINES] = { schema: components.schemaOf(route.lines.line, "output") };
  const body = route.body === undefined ? undefined : components.schemaOf(route.body, "input");
  const row = route.row === undefined ? undefined : components.schemaOf(route.row, "input");
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: [{ token: route.scope === null ? [] : [route.scope] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route, components)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    ...(row === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: { type: "array", items: row } }, [JSON_LINES]: { schema: row } },
          },
        }),
    responses: {
      200: { description: "Done", headers: { "X-Request-Id": { schema: { type: "string", format: "uuid" } } }, content },
      ...Object.fromEntries(problemNames(route).map((name) => [PROBLEMS[name][0], { $ref: `#/components/responses/${name}` }])),
    },
  };
}

/** What a project's webhooks receive. */
function webhookOperation(event: WebhookEvent, components: Components): Json {
  const message = z.object({
    type: z.literal(event),
    timestamp: z.iso.datetime().describe("When it happened"),
    data: webhookDataSchemas[event],
  });
  const header = (name: string, description: string) => ({ name, in: "header", required: true, description, schema: { type: "string" } });
  return {
    post: {
      operationId: event,
      summary: EVENT_WORDS[event],
      security: [],
      parameters: [
        header("webhook-id", "The same each time this message is sent"),
        header("webhook-timestamp", "Seconds since 1970, of this attempt"),
        header("webhook-signature", "v1 and the HMAC-SHA256 of id.timestamp.body, as standardwebhooks.com has it"),
      ],
      requestBody: { required: true, content: { "application/json": { schema: components.schemaOf(message, "output") } } },
      responses: { "2XX": { description: "Taken; anything else, and it is sent again" }, 410: { description: "Turns the webhook off" } },
    },
  };
}

/** `address` is where the installation is reached, without a path. */
export function describeApi(address: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of ROUTES) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route, components);
    paths[route.path] = path;
  }
  const problem = components.schemaOf(problemSchema, "output");
  const names = [...new Set(ROUTES.flatMap(problemNames))];
  return {
    openapi: "3.1.1",
    info: {
      title: "Hone",
      version: "1",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description: `Prompts, completions and items in; judgements, dataset rows, runs and rankings out. A token may make ${MAX_REQUESTS} requests a minute; bodies have at most ${MAX_BODY_BYTES / 1024 / 1024} MB. Errors are application/problem+json (RFC 9457). Examples: ${address}/developers`,
    },
    servers: [{ url: `${address}/api/v1` }],
    tags: [...new Set(ROUTES.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    webhooks: Object.fromEntries(WEBHOOK_EVENTS.map((event) => [event, webhookOperation(event, components)])),
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: `A token of the account page. Scopes:\n\n${API_SCOPES.map((scope) => `- \`${scope}\`: ${SCOPE_WORDS[scope]}`).join("\n")}`,
        },
      },
      schemas: components.schemas,
      responses: Object.fromEntries(
        names.map((name) => [
          name,
          {
            description: PROBLEMS[name][1],
            ...(name === "rate-limited"
              ? { headers: { "Retry-After": { description: "Seconds to wait", schema: { type: "integer" } } } }
              : {}),
            content: { "application/problem+json": { schema: problem } },
          },
        ]),
      ),
    },
  };
}
