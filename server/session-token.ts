/** From the session cookie to the user as the database has it now. */
import { getToken } from "next-auth/jwt";
import type { SessionUser } from "./context";
import { getDb } from "./database";
import { env } from "./env";
import { selectSessionUser } from "./services/sign-in";

/** Null for visitors and for sessions that ended, also by a new password or a disabled account. */
export async function userOfCookies(cookies: readonly { name: string; value: string }[]): Promise<SessionUser | null> {
  // Only the cookie signs in: without headers, getToken accepts no Authorization header.
  const req = { cookies: Object.fromEntries(cookies.map((c) => [c.name, c.value])), headers: {} };
  const { secret, url } = env().auth;
  const token = await getToken({
    // getToken reads nothing but these two.
    req: req as unknown as Parameters<typeof getToken>[0]["req"],
    secret,
    secureCookie: url.startsWith("https://"),
  });
  if (token === null || typeof token.sub !== "string" || typeof token.mark !== "string") return null;
  return selectSessionUser(getDb(), { id: token.sub, mark: token.mark });
}
