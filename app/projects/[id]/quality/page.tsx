/** How good the votes of a project are. */
import type { Metadata } from "next";
import { QualityView } from "./quality-view";

export const metadata: Metadata = { title: "Quality" };

export default async function QualityPage({ params }: { params: Promise<{ id: string }> }) {
  return <QualityView projectId={(await params).id} />;
}
