/** The models room: for researchers, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireWork } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Models · Hone", template: "%s · Hone" } };

export default async function ModelsLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireWork("researcher", "/models")}>{children}</Shell>;
}
