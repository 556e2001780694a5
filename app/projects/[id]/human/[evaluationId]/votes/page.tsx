/** The ratings behind a number of a human evaluation. */
import type { Metadata } from "next";
import { RatingsView } from "./ratings-view";

export const metadata: Metadata = { title: "Ratings" };

export default async function RatingsPage({ params }: { params: Promise<{ id: string; evaluationId: string }> }) {
  const { id, evaluationId } = await params;
  return <RatingsView projectId={id} id={evaluationId} />;
}
