/** Trainer workers of the installation. */
import type { Metadata } from "next";
import { requireRole } from "@/server/session";
import { WorkersView } from "./workers-view";

export const metadata: Metadata = { title: "Workers" };

export default async function WorkersPage() {
  await requireRole("admin", "/admin/workers");
  return <WorkersView />;
}
