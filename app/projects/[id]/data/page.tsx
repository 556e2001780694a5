/** Prompts of a project with what was answered. */
import type { Metadata } from "next";
import { Suspense } from "react";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { PromptsView } from "./prompts-view";

export const metadata: Metadata = { title: "Data" };

export default async function DataPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<SkeletonTable rows={8} label="Loading prompts" />}>
      <PromptsView projectId={id} />
    </Suspense>
  );
}
