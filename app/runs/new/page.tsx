/** Starting a run. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { Skeleton } from "../../components/ui/skeleton";
import { StartView } from "./start-view";

export const metadata: Metadata = { title: "Start a run" };

export default function NewRunPage() {
  return (
    <Suspense fallback={<Skeleton className="h-96" />}>
      <StartView />
    </Suspense>
  );
}
