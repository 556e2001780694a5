/**
 * NextAuth: e-mail and password, GitHub, Google and OpenID Connect. The session is a signed and
 * encrypted cookie that names the user; role and standing are read from the database on every
 * request, so the role inside the cookie only spares the proxy a look-up.
 */
import type { NextAuthOptions, Profile } from "next-auth";
import type { JWT } from "next-auth/jwt";
import CredentialsProvider from "next-auth/providers/credentials";
import { cookies } from "next/headers";
import { tokenOfPath } from "../domain/invitation";
import { getDb } from "./database";
import { env } from "./env";
import { AppError } from "./errors";
import { networkAddress } from "./network-address";
import { type Identity, type ProviderProfile, resolveProviderUser, verifyCredentials } from "./services/sign-in";
import { configuredProviders } from "./sign-in-methods";

/** Error codes the sign-in page knows; NextAuth hands the message of an error on as the code. */
export const SIGN_IN_ERRORS = { rateLimited: "RateLimited", refused: "Refused" } as const;

const credentials = CredentialsProvider({
  name: "E-mail and password",
  credentials: { email: { type: "email" }, password: { type: "password" } },
  async authorize(input, req) {
    const forwarded: unknown = req.headers?.["x-forwarded-for"];
    const address = networkAddress(typeof forwarded === "string" ? forwarded : null);
    try {
      return await verifyCredentials(getDb(), {
        email: String(input?.email ?? ""),
        password: String(input?.password ?? ""),
        address,
      });
    } catch (error) {
      if (error instanceof AppError && error.code === "RATE_LIMITED") {
        throw new Error(SIGN_IN_ERRORS.rateLimited, { cause: error });
      }
      throw error;
    }
  },
});

/** What a provider told us; GitHub only gives out addresses it has verified. */
function providerProfile(
  provider: string,
  providerAccountId: string,
  user: { email?: string | null; name?: string | null },
  profile: Profile | undefined,
): ProviderProfile {
  const claims: Record<string, unknown> = { ...profile };
  return {
    provider,
    providerAccountId,
    email: user.email ?? null,
    emailVerified: provider === "github" || claims.email_verified === true,
    name: user.name ?? null,
  };
}

/** The invitation that somebody came from, by the address to which NextAuth remembers to send them back. */
async function invitationOfVisitor(): Promise<string | null> {
  const secure = env().auth.url.startsWith("https://");
  const back = (await cookies()).get(`${secure ? "__Secure-" : ""}next-auth.callback-url`)?.value ?? "";
  return URL.canParse(back, env().auth.url) ? tokenOfPath(new URL(back, env().auth.url).pathname) : null;
}

/** Writes who it is into the cookie; nothing else that NextAuth puts there is kept. */
function identityToken(identity: Identity): JWT {
  return { sub: identity.id, name: identity.name, role: identity.role, mark: identity.mark };
}

/** Made anew for each request, as NextAuth writes into its options. */
export function authOptions(): NextAuthOptions {
  return {
    secret: env().auth.secret,
    useSecureCookies: env().auth.url.startsWith("https://"),
    session: { strategy: "jwt", maxAge: 30 * 24 * 60 * 60 },
    pages: { signIn: "/sign-in", error: "/sign-in", signOut: "/sign-out" },
    providers: [credentials, ...configuredProviders()],
    callbacks: {
      async signIn({ user, account, profile }) {
        if (account === null || account.type === "credentials") return true;
        try {
          const found = providerProfile(account.provider, account.providerAccountId, user, profile);
          await resolveProviderUser(getDb(), found, env().auth.signUp, await invitationOfVisitor());
          return true;
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          // A code, not the message: the page must not show text that stands in the address.
          return `/sign-in?error=${SIGN_IN_ERRORS.refused}`;
        }
      },
      async jwt({ token, user, account, profile }) {
        if (account === null || account === undefined) return token;
        // With the credentials provider, `user` is what authorize() returned.
        if (account.type === "credentials") return identityToken(user as unknown as Identity);
        const found = providerProfile(account.provider, account.providerAccountId, user, profile);
        return identityToken(await resolveProviderUser(getDb(), found, env().auth.signUp));
      },
      session: ({ session, token }) => ({ ...session, user: { name: token.name ?? null } }),
    },
  };
}
