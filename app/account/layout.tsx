/** The signed-in person's own pages, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";
import { PageTabs } from "../components/ui/page-tabs";

export const metadata: Metadata = { title: { default: "Account · Hone", template: "%s · Hone" } };

const PAGES = [
  { href: "/account", label: "Account" },
  { href: "/account/tokens", label: "API tokens" },
];

export default async function AccountLayout({ children }: { children: ReactNode }) {
  const user = await requireRole("annotator", "/account");
  return (
    <Shell user={user}>
      <PageTabs label="Account" pages={PAGES} />
      {children}
    </Shell>
  );
}
