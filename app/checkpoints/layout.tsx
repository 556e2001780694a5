/** Checkpoints: for researchers, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireWork } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Checkpoint · Hone", template: "%s · Hone" } };

export default async function CheckpointsLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireWork("researcher", "/runs")}>{children}</Shell>;
}
