/** Which ways to sign in this installation offers, from its environment. */
import type { Provider } from "next-auth/providers/index";
import GitHubProvider from "next-auth/providers/github";
import GoogleProvider from "next-auth/providers/google";
import { env } from "./env";

export type SignInMethod = { id: string; name: string };

/** A claim that OpenID Connect providers send with a verified address (OIDC Core 5.1). */
type OidcProfile = { sub: string; email?: string; email_verified?: boolean; name?: string };

/** Any provider with a discovery document at `<issuer>/.well-known/openid-configuration`. */
function oidcProvider(name: string, issuer: string, clientId: string, clientSecret: string): Provider {
  return {
    id: "oidc",
    name,
    type: "oauth",
    wellKnown: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    authorization: { params: { scope: "openid email profile" } },
    idToken: true,
    checks: ["pkce", "state", "nonce"],
    clientId,
    clientSecret,
    profile: (profile: OidcProfile) => ({ id: profile.sub, name: profile.name ?? null, email: profile.email ?? null }),
  } as Provider;
}

/** The providers whose client id and secret are set. */
export function configuredProviders(): Provider[] {
  const { github, google, oidc } = env().auth;
  const providers: Provider[] = [];
  if (github !== null) providers.push(GitHubProvider(github));
  if (google !== null) providers.push(GoogleProvider(google));
  if (oidc !== null) providers.push(oidcProvider(oidc.name, oidc.issuer, oidc.clientId, oidc.clientSecret));
  return providers;
}

/** The same as ids and names, for the sign-in page and the admin. */
export function configuredSignInMethods(): SignInMethod[] {
  return configuredProviders().map(({ id, name }) => ({ id, name }));
}
