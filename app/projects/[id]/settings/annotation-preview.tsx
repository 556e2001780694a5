"use client";
/** The annotators' screen with the settings as they stand on this page, saved or not. Nothing that is judged here is kept. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { describeValue } from "@/domain/annotation/answer";
import { previewTask } from "@/domain/annotation/preview";
import { type AnnotationSettings, annotationSettingsSchema, MODE_NAMES } from "@/domain/annotation/settings";
import type { ItemMode } from "@/domain/judgement";
import { ItemForm } from "../../../annotate/[slug]/item-form";
import { Button } from "../../../components/ui/button";
import { Card, CardHeader } from "../../../components/ui/card";
import { Skeleton } from "../../../components/ui/skeleton";
import { useTRPC } from "../../../trpc";

export function AnnotationPreview({
  projectId,
  settings,
  reasons,
}: {
  projectId: string;
  settings: AnnotationSettings;
  reasons: string[];
}) {
  const trpc = useTRPC();
  const example = useQuery(trpc.project.example.queryOptions({ projectId }));
  const [wanted, setWanted] = useState<ItemMode | null>(null);
  const [said, setSaid] = useState("");
  const [round, setRound] = useState(0);
  const parsed = annotationSettingsSchema.safeParse(settings);
  const shown = settings.modes.find(({ mode }) => mode === wanted)?.mode ?? settings.modes[0]?.mode;
  const problem = parsed.success ? null : (parsed.error.issues[0]?.message ?? "These settings cannot be shown");
  const task =
    example.isPending || shown === undefined || problem !== null ? null : previewTask(shown, settings, reasons, example.data ?? null);
  const again = (words: string) => {
    setSaid(words);
    setRound(round + 1);
  };
  return (
    <Card className="flex min-w-0 flex-col xl:sticky xl:top-4 xl:max-h-[calc(100dvh-2rem)] xl:overflow-y-auto">
      <CardHeader title="What annotators will see" description="Try it: keys count while the focus is in here. Nothing is stored." />
      <div className="flex flex-wrap items-center gap-2 border-b px-4 py-2">
        {settings.modes.map(({ mode }) => (
          <Button
            key={mode}
            size="sm"
            variant="ghost"
            aria-pressed={mode === shown}
            className="aria-pressed:bg-accent-soft aria-pressed:text-accent"
            onClick={() => setWanted(mode)}
          >
            {MODE_NAMES[mode]}
          </Button>
        ))}
        <p aria-live="polite" className="ml-auto text-sm text-muted">
          {said}
        </p>
      </div>
      {problem !== null || shown === undefined ? (
        <p className="p-6 text-center text-sm text-muted">{problem ?? "Give a mode a share above 0."}</p>
      ) : task === null ? (
        <Skeleton className="m-4 h-64" />
      ) : (
        <ItemForm
          key={JSON.stringify([shown, settings, round])}
          task={task}
          start={null}
          onKeep={() => undefined}
          onSubmit={({ value }) => again(`${describeValue(value, task.completions.length)}.`)}
          onUndo={() => again("Taken back.")}
          preview
        />
      )}
    </Card>
  );
}
