/** Sign-up, where it is open: for the first person always, for others as the installation allows. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { getDb } from "@/server/database";
import { env } from "@/server/env";
import { isFirstPerson, isSignUpOpen } from "@/server/services/sign-in";
import { getSessionUser } from "@/server/session";
import { tokenOfPath } from "@/domain/invitation";
import { FrontPage } from "../components/shell/front-page";
import { safeNext } from "../sign-in/safe-next";
import { SignUpForm } from "./sign-up-form";

export const metadata: Metadata = { title: "Create an account" };

export default async function SignUpPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const next = safeNext((await searchParams).next);
  if ((await getSessionUser()) !== null) redirect(next);
  const db = getDb();
  const invitation = tokenOfPath(next);
  const [open, first] = await Promise.all([isSignUpOpen(db, env().auth.signUp, invitation), isFirstPerson(db)]);
  return (
    <FrontPage title="Create an account">
      {open ? (
        <>
          <p className="mb-4 text-sm text-muted">
            {first
              ? "You are the first person here, so this account becomes the admin."
              : invitation !== null
                ? "You are invited: sign in with the new account, and join."
                : "You will be an annotator. An admin can give you more."}
          </p>
          <SignUpForm next={next} invitation={invitation} />
        </>
      ) : (
        <p className="text-sm text-muted">Sign-up is closed here. Ask an admin of this installation for an account.</p>
      )}
      <p className="mt-6 text-sm">
        <Link
          href={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`}
          className="font-medium text-accent hover:underline"
        >
          Sign in instead
        </Link>
      </p>
    </FrontPage>
  );
}
