/** Sign-up, where it is open: for the first person always, for others as the installation allows. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { getDb } from "@/server/database";
import { env } from "@/server/env";
import { isFirstPerson, isSignUpOpen } from "@/server/services/sign-in";
import { getSessionUser } from "@/server/session";
import { FrontPage } from "../components/shell/front-page";
import { SignUpForm } from "./sign-up-form";

export const metadata: Metadata = { title: "Create an account" };

export default async function SignUpPage() {
  if ((await getSessionUser()) !== null) redirect("/");
  const db = getDb();
  const [open, first] = await Promise.all([isSignUpOpen(db, env().auth.signUp), isFirstPerson(db)]);
  return (
    <FrontPage title="Create an account">
      {open ? (
        <>
          <p className="mb-4 text-sm text-muted">
            {first
              ? "You are the first person here, so this account becomes the admin."
              : "You will be an annotator. An admin can give you more."}
          </p>
          <SignUpForm />
        </>
      ) : (
        <p className="text-sm text-muted">Sign-up is closed here. Ask an admin of this installation for an account.</p>
      )}
      <p className="mt-6 text-sm">
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          Sign in instead
        </Link>
      </p>
    </FrontPage>
  );
}
