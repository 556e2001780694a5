/** All projects. */
import { Suspense } from "react";
import { SkeletonTable } from "../components/ui/skeleton";
import { ProjectsView } from "./projects-view";

export default function ProjectsPage() {
  return (
    <Suspense fallback={<SkeletonTable label="Loading projects" />}>
      <ProjectsView />
    </Suspense>
  );
}
