/** The shape of a run's page while it is on its way. */
import { Skeleton } from "../../components/ui/skeleton";

export function RunSkeleton() {
  return (
    <div role="status" aria-label="Loading the run">
      <Skeleton className="mb-3 h-7 w-72" />
      <Skeleton className="mb-2 h-4 w-96 max-w-full" />
      <Skeleton className="mb-6 h-1.5 w-full" />
      <ChartsSkeleton />
    </div>
  );
}

export function ChartsSkeleton() {
  return (
    <div aria-hidden="true" className="grid gap-2.5 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4">
      {["a", "b", "c", "d", "e", "f"].map((key) => (
        <Skeleton key={key} className="h-44" />
      ))}
    </div>
  );
}
