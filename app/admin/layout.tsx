/** The admin room: for admins, inside the common frame, with its own row of pages. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";
import { PageTabs } from "../components/ui/page-tabs";

export const metadata: Metadata = { title: { default: "Admin · Hone", template: "%s · Hone" } };

const PAGES = [
  { href: "/admin/users", label: "Users" },
  { href: "/admin/workers", label: "Workers" },
  { href: "/admin/sign-in-methods", label: "Sign-in methods" },
  { href: "/admin/log", label: "Log" },
];

export default async function AdminLayout({ children }: { children: ReactNode }) {
  const user = await requireRole("admin", "/admin");
  return (
    <Shell user={user}>
      <PageTabs label="Admin" pages={PAGES} />
      {children}
    </Shell>
  );
}
