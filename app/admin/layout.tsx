/** The admin room: for admins, inside the common frame, with its own row of pages. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";
import { AdminNavigation } from "./admin-navigation";

export const metadata: Metadata = { title: { default: "Admin · Hone", template: "%s · Hone" } };

export default async function AdminLayout({ children }: { children: ReactNode }) {
  const user = await requireRole("admin", "/admin");
  return (
    <Shell user={user}>
      <AdminNavigation />
      {children}
    </Shell>
  );
}
