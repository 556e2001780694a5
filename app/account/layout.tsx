/** The signed-in person's own pages, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";
import { AccountNavigation } from "./account-navigation";

export const metadata: Metadata = { title: { default: "Account · Hone", template: "%s · Hone" } };

export default async function AccountLayout({ children }: { children: ReactNode }) {
  const user = await requireRole("annotator", "/account");
  return (
    <Shell user={user}>
      <AccountNavigation />
      {children}
    </Shell>
  );
}
