/** From the session cookie to the user as the database has it now. */
import { LRUCache } from "lru-cache";
import { getToken, type JWT } from "next-auth/jwt";
import type { SessionUser } from "./context";
import { getDb } from "./database";
import { env } from "./env";
import { selectSessionUser } from "./services/sign-in";

/** Opened cookies: each holds the same for ever, and opening one costs as much as a query. */
const opened = new LRUCache<string, JWT>({ max: 20_000 });

async function openCookies(cookies: readonly { name: string; value: string }[]): Promise<JWT | null> {
  const key = cookies
    .filter(({ name }) => name.includes("session-token"))
    .map(({ name, value }) => `${name}=${value}`)
    .join(";");
  if (key === "") return null;
  const known = opened.get(key);
  if (known !== undefined) return Number(known.exp) * 1000 > Date.now() ? known : null;
  // Only the cookie signs in: without headers, getToken accepts no Authorization header.
  const req = { cookies: Object.fromEntries(cookies.map((c) => [c.name, c.value])), headers: {} };
  const { secret, url } = env().auth;
  const token = await getToken({
    // getToken reads nothing but these two.
    req: req as unknown as Parameters<typeof getToken>[0]["req"],
    secret,
    secureCookie: url.startsWith("https://"),
  });
  if (token !== null) opened.set(key, token);
  return token;
}

/** Null for visitors and for sessions that ended, also by a new password or a disabled account. */
export async function userOfCookies(cookies: readonly { name: string; value: string }[]): Promise<SessionUser | null> {
  const token = await openCookies(cookies);
  if (token === null || typeof token.sub !== "string" || typeof token.mark !== "string") return null;
  return selectSessionUser(getDb(), { id: token.sub, mark: token.mark });
}
