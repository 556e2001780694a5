/** The annotator's room: quiet. A thin bar above, nothing beside the item. */
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { projectRoleAtLeast } from "@/domain/project-role";
import { greatestRole } from "@/server/access";
import { getDb } from "@/server/database";
import { requireRole } from "@/server/session";
import { LogoMark } from "../components/shell/logo";
import { UserMenu } from "../components/shell/user-menu";
import { OutboxProvider } from "./outbox-provider";

export const metadata: Metadata = { title: { default: "Annotate · Hone", template: "%s · Hone" } };

export default async function AnnotateLayout({ children }: { children: ReactNode }) {
  const user = await requireRole("annotator", "/annotate");
  const works = projectRoleAtLeast(await greatestRole({ db: getDb(), user }), "reviewer");
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-12 items-center justify-between gap-2 border-b bg-surface px-3 sm:px-5">
        <Link href="/annotate" className="flex items-center gap-2 font-semibold pointer-coarse:h-11">
          <LogoMark className="size-5" />
          Hone
        </Link>
        <div className="flex items-center gap-1">
          {works && (
            <Link href="/projects" className="px-2 text-sm text-muted hover:text-text">
              Projects
            </Link>
          )}
          <UserMenu name={user.name} role={user.role} />
        </div>
      </header>
      <main id="main" className="flex flex-1 flex-col">
        <OutboxProvider userId={user.id}>{children}</OutboxProvider>
      </main>
    </div>
  );
}
