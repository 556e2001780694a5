/** One dataset version. */
import type { Metadata } from "next";
import { DatasetView } from "./dataset-view";

export const metadata: Metadata = { title: "Dataset version" };

export default async function DatasetPage({ params }: { params: Promise<{ id: string; datasetId: string }> }) {
  const { id, datasetId } = await params;
  return <DatasetView projectId={id} datasetId={datasetId} />;
}
