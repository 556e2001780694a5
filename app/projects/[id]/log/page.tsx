/** Who changed and took out what in a project. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { AuditView } from "../../../components/audit/audit-view";
import { SkeletonTable } from "../../../components/ui/skeleton";

export const metadata: Metadata = { title: "Log" };

export default async function LogPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<SkeletonTable />}>
      <AuditView projectId={id} />
    </Suspense>
  );
}
