/** Tokens of the signed-in person. */
import type { Metadata } from "next";
import { TOKEN_ROLE } from "@/domain/api-token";
import { roleAtLeast } from "@/domain/user";
import { requireRole } from "@/server/session";
import { TokensView } from "./tokens-view";

export const metadata: Metadata = { title: "API tokens" };

export default async function TokensPage() {
  const user = await requireRole("annotator", "/account/tokens");
  return <TokensView mayCreate={roleAtLeast(user.role, TOKEN_ROLE)} />;
}
