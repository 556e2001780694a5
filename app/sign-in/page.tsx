/** Sign-in: password, configured providers, and the demo accounts while the demo is installed. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { tokenOfPath } from "@/domain/invitation";
import { getDb } from "@/server/database";
import { env } from "@/server/env";
import { hasPublishedLeaderboard, listDemoAccounts } from "@/server/services/front-door";
import { isSignUpOpen } from "@/server/services/sign-in";
import { getSessionUser } from "@/server/session";
import { configuredSignInMethods } from "@/server/sign-in-methods";
import { DEMO_PASSWORD } from "@/domain/demo-accounts";
import { FrontPage } from "../components/shell/front-page";
import { DemoAccounts } from "./demo-accounts";
import { Providers } from "./providers";
import { safeNext } from "./safe-next";
import { SignInForm } from "./sign-in-form";
import { signInErrorText } from "./sign-in-error";

export const metadata: Metadata = { title: "Sign in" };

type Props = { searchParams: Promise<{ next?: string | string[]; error?: string | string[]; created?: string }> };

export default async function SignInPage({ searchParams }: Props) {
  const { next, error, created } = await searchParams;
  const target = safeNext(next);
  if ((await getSessionUser()) !== null) redirect(target);
  const db = getDb();
  const [demoAccounts, signUpOpen, published] = await Promise.all([
    listDemoAccounts(db),
    isSignUpOpen(db, env().auth.signUp, tokenOfPath(target)),
    hasPublishedLeaderboard(db),
  ]);
  const methods = configuredSignInMethods();
  return (
    <FrontPage title="Sign in">
      {created !== undefined && (
        <p role="status" className="mb-4 rounded-md bg-chosen-soft px-3 py-2 text-sm text-chosen">
          Your account is ready. Sign in with it.
        </p>
      )}
      <SignInForm next={target} initialError={typeof error === "string" ? signInErrorText(error) : null} />
      {methods.length > 0 && <Providers methods={methods} next={target} />}
      {demoAccounts.length > 0 && <DemoAccounts accounts={demoAccounts} password={DEMO_PASSWORD} next={target} />}
      <p className="mt-6 flex flex-wrap gap-x-5 gap-y-2 text-sm">
        {signUpOpen && (
          <Link
            href={target === "/" ? "/sign-up" : `/sign-up?next=${encodeURIComponent(target)}`}
            className="font-medium text-accent hover:underline"
          >
            Create an account
          </Link>
        )}
        {published && (
          <Link href="/leaderboard" className="font-medium text-accent hover:underline">
            Read the leaderboard
          </Link>
        )}
      </p>
    </FrontPage>
  );
}
