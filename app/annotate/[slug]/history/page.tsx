/** An annotator's own judgements and figures. */
import { OwnHistory } from "./own-history";

export default async function HistoryPage({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  return <OwnHistory slug={slug} />;
}
