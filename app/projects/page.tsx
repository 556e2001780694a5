/** All projects. */
import { Suspense } from "react";
import { roleAtLeast } from "@/domain/user";
import { requireWork } from "@/server/session";
import { SkeletonTable } from "../components/ui/skeleton";
import { ProjectsView } from "./projects-view";

export default async function ProjectsPage() {
  const user = await requireWork("reviewer", "/projects");
  return (
    <Suspense fallback={<SkeletonTable label="Loading projects" />}>
      <ProjectsView mayMake={roleAtLeast(user.role, "researcher")} />
    </Suspense>
  );
}
