/** Votes that look wrong, one after the other. */
import type { Metadata } from "next";
import { ReviewView } from "./review-view";

export const metadata: Metadata = { title: "Review" };

export default async function ReviewPage({ params }: { params: Promise<{ id: string }> }) {
  return <ReviewView projectId={(await params).id} />;
}
