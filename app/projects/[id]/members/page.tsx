/** Members of a project. */
import type { Metadata } from "next";
import { requireRole } from "@/server/session";
import { MembersView } from "./members-view";

export const metadata: Metadata = { title: "Members" };

export default async function MembersPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const user = await requireRole("annotator", `/projects/${id}/members`);
  return <MembersView projectId={id} ownId={user.id} />;
}
