/** All runs. */
import { Suspense } from "react";
import { SkeletonTable } from "../components/ui/skeleton";
import { RunsView } from "./runs-view";

export default function RunsPage() {
  return (
    <Suspense fallback={<SkeletonTable rows={8} label="Loading runs" />}>
      <RunsView />
    </Suspense>
  );
}
