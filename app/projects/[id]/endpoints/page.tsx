/** Outside models that the project samples from and is judged by. */
import type { Metadata } from "next";
import { requireRole } from "@/server/session";
import { EndpointsView } from "./endpoints-view";

export const metadata: Metadata = { title: "Endpoints" };

export default async function EndpointsPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const user = await requireRole("annotator", `/projects/${id}/endpoints`);
  return <EndpointsView projectId={id} admin={user.role === "admin"} />;
}
