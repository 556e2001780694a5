/** Guidelines for annotators, as versions. */
import type { Metadata } from "next";
import { GuidelinesView } from "./guidelines-view";

export const metadata: Metadata = { title: "Guidelines" };

export default async function GuidelinesPage({ params }: { params: Promise<{ id: string }> }) {
  return <GuidelinesView projectId={(await params).id} />;
}
