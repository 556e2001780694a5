/** The account of whoever is signed in, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Account · Hone", template: "%s · Hone" } };

export default async function AccountLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireRole("annotator", "/account/tokens")}>{children}</Shell>;
}
