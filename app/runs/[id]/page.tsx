/** One run: live curves, samples, config, events, results, lineage. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { RunSkeleton } from "./run-skeleton";
import { RunView } from "./run-view";

export const metadata: Metadata = { title: "Run" };

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<RunSkeleton />}>
      <RunView key={id} id={id} />
    </Suspense>
  );
}
