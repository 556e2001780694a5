/** What people said of several models' answers, side by side and blind. */
import type { Metadata } from "next";
import { EvaluationView } from "./evaluation-view";

export const metadata: Metadata = { title: "Human evaluation" };

export default async function EvaluationPage({ params }: { params: Promise<{ id: string; evaluationId: string }> }) {
  const { id, evaluationId } = await params;
  return <EvaluationView projectId={id} id={evaluationId} />;
}
