/** One checkpoint: what was measured on it and what it stands on. */
import { CheckpointView } from "./checkpoint-view";

export default async function CheckpointPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <CheckpointView id={id} />;
}
