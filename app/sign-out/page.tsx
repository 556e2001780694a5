/** Sign-out by address, for bookmarks and for NextAuth's own redirect. */
import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { getSessionUser } from "@/server/session";
import { FrontPage } from "../components/shell/front-page";
import { SignOutButton } from "./sign-out-button";

export const metadata: Metadata = { title: "Sign out" };

export default async function SignOutPage() {
  const user = await getSessionUser();
  if (user === null) redirect("/sign-in");
  return (
    <FrontPage title="Sign out">
      <p className="mb-4 text-sm text-muted">You are signed in as {user.name}.</p>
      <SignOutButton />
    </FrontPage>
  );
}
