/** Webhooks of a project. */
import type { Metadata } from "next";
import { WebhooksView } from "./webhooks-view";

export const metadata: Metadata = { title: "Webhooks" };

export default async function WebhooksPage({ params }: { params: Promise<{ id: string }> }) {
  return <WebhooksView projectId={(await params).id} />;
}
