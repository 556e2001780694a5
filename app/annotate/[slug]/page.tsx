/** The judging screen of a project. */
import { requireRole } from "@/server/session";
import { JudgingRoom } from "./judging-room";

export default async function JudgePage({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  const user = await requireRole("annotator", `/annotate/${slug}`);
  return <JudgingRoom slug={slug} userId={user.id} />;
}
