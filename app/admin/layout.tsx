/** The admin room: for admins, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Admin · Hone", template: "%s · Hone" } };

export default async function AdminLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireRole("admin", "/admin")}>{children}</Shell>;
}
