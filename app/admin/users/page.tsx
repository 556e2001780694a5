/** Accounts of the installation. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { requireRole } from "@/server/session";
import { SkeletonTable } from "../../components/ui/skeleton";
import { UsersView } from "./users-view";

export const metadata: Metadata = { title: "Users" };

export default async function UsersPage() {
  const user = await requireRole("admin", "/admin/users");
  return (
    <Suspense fallback={<SkeletonTable />}>
      <UsersView ownId={user.id} />
    </Suspense>
  );
}
