/** Settings of a project. */
import type { Metadata } from "next";
import { QueueCard } from "./queue-card";
import { SettingsView } from "./settings-view";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <>
      <SettingsView projectId={id} />
      <QueueCard projectId={id} />
    </>
  );
}
