/** A new human evaluation. */
import type { Metadata } from "next";
import { NewEvaluationView } from "./new-evaluation-view";

export const metadata: Metadata = { title: "New human evaluation" };

export default async function NewEvaluationPage({ params }: { params: Promise<{ id: string }> }) {
  return <NewEvaluationView projectId={(await params).id} />;
}
