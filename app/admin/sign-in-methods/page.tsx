/** The ways to sign in and how each is switched on; read from the environment, so changed there. */
import type { Metadata } from "next";
import { env } from "@/server/env";
import { requireRole } from "@/server/session";
import { Badge } from "../../components/ui/badge";
import { Card } from "../../components/ui/card";
import { PageHeader } from "../../components/ui/page-header";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";

export const metadata: Metadata = { title: "Sign-in methods" };

type Method = { name: string; on: boolean; setting: string; callback: string | null };

function listMethods(): Method[] {
  const { github, google, oidc, signUp, url } = env().auth;
  const callback = (id: string) => new URL(`/api/auth/callback/${id}`, url).toString();
  return [
    { name: "E-mail and password", on: true, setting: "always on", callback: null },
    { name: "Sign-up by visitors", on: signUp, setting: "HONE_SIGN_UP=1", callback: null },
    {
      name: "GitHub",
      on: github !== null,
      setting: "GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET",
      callback: callback("github"),
    },
    {
      name: "Google",
      on: google !== null,
      setting: "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET",
      callback: callback("google"),
    },
    {
      name: oidc?.name ?? "OpenID Connect",
      on: oidc !== null,
      setting: "OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME",
      callback: callback("oidc"),
    },
  ];
}

export default async function SignInMethodsPage() {
  await requireRole("admin", "/admin/sign-in-methods");
  return (
    <>
      <PageHeader
        title="Sign-in methods"
        description="Set in the environment of the web process and read when it starts. An account at a provider is joined to the user with the same confirmed e-mail address."
      />
      <Card>
        <Table label="Sign-in methods">
          <THead>
            <Tr>
              <Th>Method</Th>
              <Th>State</Th>
              <Th>Environment variables</Th>
              <Th>Callback address to register there</Th>
            </Tr>
          </THead>
          <TBody>
            {listMethods().map((method) => (
              <Tr key={method.name}>
                <Td className="font-medium whitespace-nowrap">{method.name}</Td>
                <Td>{method.on ? <Badge tone="chosen">on</Badge> : <Badge>off</Badge>}</Td>
                <Td>
                  <code className="text-xs text-muted">{method.setting}</code>
                </Td>
                <Td>
                  {method.callback === null ? (
                    <span className="text-muted">–</span>
                  ) : (
                    <code className="text-xs text-muted">{method.callback}</code>
                  )}
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      </Card>
    </>
  );
}
