/** Who changed and took out what, in all projects and among accounts. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { requireRole } from "@/server/session";
import { AuditView } from "../../components/audit/audit-view";
import { PageHeader } from "../../components/ui/page-header";
import { SkeletonTable } from "../../components/ui/skeleton";

export const metadata: Metadata = { title: "Log" };

export default async function AdminLogPage() {
  await requireRole("admin", "/admin/log");
  return (
    <>
      <PageHeader
        title="Log"
        description="Who changed what, downloaded data or saw votes with names. It only grows: nobody can change or delete an entry."
      />
      <Suspense fallback={<SkeletonTable />}>
        <AuditView projectId={null} />
      </Suspense>
    </>
  );
}
