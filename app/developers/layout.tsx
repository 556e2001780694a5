/** The page of the API: for everybody, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { getSessionUser } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "API · Hone", template: "%s · Hone" } };

export default async function DevelopersLayout({ children }: { children: ReactNode }) {
  return <Shell user={await getSessionUser()}>{children}</Shell>;
}
