/** Calls the API as a program does: with a token, without a web server. */
import type { Db } from "../../db/client";
import { API_SCOPES, type ApiScope } from "../../domain/api-token";
import { handleApi } from "../../server/api/handle";
import type { UserContext } from "../../server/context";
import { createToken } from "../../server/services/api-token";

export async function makeToken(ctx: UserContext, more: { scopes?: ApiScope[]; projectId?: string } = {}): Promise<string> {
  const { token } = await createToken(ctx, {
    name: "Test",
    scopes: more.scopes ?? [...API_SCOPES],
    projectId: more.projectId ?? null,
    days: null,
  });
  return token;
}

export type Call = { method?: string; token?: string | null; headers?: Record<string, string>; body?: BodyInit; json?: unknown };

export type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string };

/** `path` follows /api/v1. */
export type ApiClient = (path: string, call?: Call) => Promise<Answer>;

export function apiClient(db: Db, ownToken: string): ApiClient {
  return async (path, { method, token = ownToken, headers = {}, body, json } = {}) => {
    const content = json === undefined ? body : JSON.stringify(json);
    const request = new Request(`http://localhost/api/v1${path}`, {
      method: method ?? (content === undefined ? "GET" : "POST"),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content, duplex: "half" }),
    } as RequestInit);
    const response = await handleApi(db, request);
    const text = await response.text();
    const isJson = /json$/.test(response.headers.get("content-type") ?? "") && !response.headers.get("content-type")?.includes("ndjson");
    return { status: response.status, headers: response.headers, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
}
