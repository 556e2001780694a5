/** Dataset versions of a project. */
import type { Metadata } from "next";
import { DatasetsView } from "./datasets-view";

export const metadata: Metadata = { title: "Datasets" };

export default async function DatasetsPage({ params }: { params: Promise<{ id: string }> }) {
  return <DatasetsView projectId={(await params).id} />;
}
