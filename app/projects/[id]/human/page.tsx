/** Human evaluations of a project. */
import type { Metadata } from "next";
import { HumanView } from "./human-view";

export const metadata: Metadata = { title: "Human evaluation" };

export default async function HumanPage({ params }: { params: Promise<{ id: string }> }) {
  return <HumanView projectId={(await params).id} />;
}
