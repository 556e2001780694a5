/** The frame of the researchers' rooms: skip link, header with the rooms, the page itself. */
import Link from "next/link";
import type { ReactNode } from "react";
import { greatestRole } from "@/server/access";
import type { SessionUser } from "@/server/context";
import { getDb } from "@/server/database";
import { Button } from "../ui/button";
import { UserMenu } from "./lazy-user-menu";
import { Logo } from "./logo";
import { Navigation } from "./navigation";
import { roomsFor } from "./rooms";

export async function Shell({ user, children }: { user: SessionUser | null; children: ReactNode }) {
  const inProjects = user === null ? null : await greatestRole({ db: getDb(), user });
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2 focus:shadow-raised"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b bg-surface">
        <div className="mx-auto flex h-14 w-full max-w-[90rem] items-center gap-2 px-3 sm:gap-5 sm:px-6">
          <Link href="/" className="rounded-md p-1" aria-label="Hone, start page">
            <Logo />
          </Link>
          <Navigation rooms={roomsFor(user?.role ?? null, inProjects)} />
          <div className="ml-auto flex min-w-0 items-center">
            {user === null ? (
              <Button asChild variant="secondary">
                <Link href="/sign-in">Sign in</Link>
              </Button>
            ) : (
              <UserMenu name={user.name} role={user.role} />
            )}
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[90rem] flex-1 px-3 py-5 outline-none sm:px-6 sm:py-7">
        {children}
      </main>
    </div>
  );
}
