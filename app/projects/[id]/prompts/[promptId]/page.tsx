/** One prompt with its completions and judgements. */
import type { Metadata } from "next";
import { PromptView } from "./prompt-view";

export const metadata: Metadata = { title: "Prompt" };

export default async function PromptPage({ params }: { params: Promise<{ id: string; promptId: string }> }) {
  const { id, promptId } = await params;
  return <PromptView projectId={id} promptId={promptId} />;
}
