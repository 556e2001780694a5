"use client";
/** The demo project's people, each one click away. */
import { ArrowRight } from "lucide-react";
import type { DemoAccount } from "@/domain/demo-accounts";
import type { Role } from "@/domain/user";
import { Spinner } from "../components/ui/spinner";
import { useSignIn } from "./use-sign-in";

const CAN: Record<Role, string> = {
  annotator: "Judges answers",
  researcher: "Data, runs and results",
  admin: "Everything, and the accounts",
};

type Props = { accounts: readonly DemoAccount[]; password: string; next: string };

export function DemoAccounts({ accounts, password, next }: Props) {
  const { error, pending, submit } = useSignIn(next);
  return (
    <section aria-labelledby="demo-accounts" className="mt-8">
      <h2 id="demo-accounts" className="text-sm font-semibold">
        Demo accounts
      </h2>
      <p className="mt-1 text-sm text-muted">
        The demo project is installed. Password: <code className="whitespace-nowrap text-text">{password}</code>
      </p>
      {error !== null && (
        <p role="alert" className="mt-2 text-sm text-failed">
          {error}
        </p>
      )}
      <ul className="mt-3 overflow-hidden rounded-lg border bg-surface">
        {accounts.map((account) => (
          <li key={account.email} className="border-b last:border-b-0">
            <button
              type="button"
              disabled={pending !== null}
              onClick={() => void submit(account.email, password)}
              className="group flex min-h-14 w-full items-center gap-3 px-3 py-2 text-left hover:bg-sunken focus-visible:-outline-offset-2"
            >
              <span className="min-w-0 flex-1">
                <span className="block text-sm font-medium">
                  Sign in as {account.role} <span className="font-normal text-muted">– {CAN[account.role]}</span>
                </span>
                <span className="block truncate text-xs text-muted">{account.email}</span>
              </span>
              {pending === account.email ? (
                <Spinner />
              ) : (
                <ArrowRight aria-hidden="true" className="size-4 shrink-0 text-muted group-hover:text-text" />
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
