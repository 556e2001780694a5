/** The models room: for researchers, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireRole } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Models · Hone", template: "%s · Hone" } };

export default async function ModelsLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireRole("researcher", "/models")}>{children}</Shell>;
}
