/** Whose request it is: a bearer token and nothing else, counted, with the right that the route asks for. */
import type { Db } from "../../db/client";
import { selectSecondsLeft } from "../../db/queries/api-tokens";
import { countAction } from "../../db/queries/users";
import { TOKEN_ROLE } from "../../domain/api-token";
import { roleAtLeast } from "../../domain/user";
import { findTokenHolder } from "../services/api-token";
import { Problem } from "./problem";
import type { ApiContext, ApiRoute } from "./route";

export const WINDOW_SECONDS = 60;
/** Of one token. */
export const MAX_REQUESTS = 600;

function unauthorized(detail: string, error?: "invalid_token"): Problem {
  return new Problem("unauthorized", detail, {
    headers: { "www-authenticate": `Bearer realm="Hone"${error === undefined ? "" : `, error="${error}"`}` },
  });
}

/** Throws a Problem: 401 without a token that works, 429 above the rate, 403 without the scope or the person's role. */
export async function authenticate(db: Db, request: Request, route: Pick<ApiRoute, "scope">): Promise<ApiContext> {
  const header = request.headers.get("authorization");
  if (header === null)
    throw unauthorized("Send a token: Authorization: Bearer hone_... Tokens are made under API tokens in the menu of your account.");
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) throw unauthorized("The header Authorization is not of the form: Bearer hone_...", "invalid_token");
  const holder = await findTokenHolder(db, token);
  if ("problem" in holder) throw unauthorized(holder.problem, "invalid_token");
  await countRequest(db, holder.token.id);
  const { scope } = route;
  if (scope !== null && !holder.token.scopes.includes(scope)) {
    throw new Problem("forbidden", `This needs the scope ${scope}; the token has ${holder.token.scopes.join(", ")}.`);
  }
  if (scope !== null && !roleAtLeast(holder.user.role, TOKEN_ROLE)) {
    throw new Problem("forbidden", `This needs the role ${TOKEN_ROLE}; the person of this token is ${holder.user.role}.`);
  }
  return { db, ...holder };
}

async function countRequest(db: Db, tokenId: string): Promise<void> {
  const key = `api:${tokenId}`;
  if ((await countAction(db, key, WINDOW_SECONDS)) <= MAX_REQUESTS) return;
  const seconds = await selectSecondsLeft(db, key, WINDOW_SECONDS);
  throw new Problem("rate-limited", `A token may make ${MAX_REQUESTS} requests a minute. Wait ${seconds} s.`, {
    headers: { "retry-after": String(seconds) },
  });
}
