"use client";
/** The newest version, an editor that saves the next one, and the older ones with the votes made under them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { TextView } from "../../../components/text/text-view";
import { Button } from "../../../components/ui/button";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { Field, Textarea } from "../../../components/ui/field";
import { RelativeTime } from "../../../components/ui/relative-time";
import { Skeleton } from "../../../components/ui/skeleton";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";

export function GuidelinesView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const list = useQuery(trpc.guideline.list.queryOptions({ projectId }));
  const [draft, setDraft] = useState<string | null>(null);
  const save = useMutation(
    trpc.guideline.save.mutationOptions({
      onSuccess: () => {
        setDraft(null);
        void queries.invalidateQueries({ queryKey: trpc.guideline.pathKey() });
      },
    }),
  );
  if (list.error) return <ErrorState message={errorMessage(list.error)} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Skeleton className="h-64" />;
  const newest = list.data[0];
  return (
    <div className="max-w-4xl space-y-6">
      {draft === null ? (
        <>
          {newest ? (
            <section aria-label="Guidelines" className="rounded-lg border bg-surface p-5">
              <h2 className="mb-3 text-sm text-muted">
                Version {newest.version}, <RelativeTime date={newest.createdAt} />
              </h2>
              <TextView text={newest.body} mode="rendered" />
            </section>
          ) : (
            <EmptyState title="No guidelines yet">What makes an answer better? Annotators see this beside every item.</EmptyState>
          )}
          <Button variant="primary" onClick={() => setDraft(newest?.body ?? "")}>
            {newest ? "Edit" : "Write guidelines"}
          </Button>
        </>
      ) : (
        <form
          className="space-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate({ projectId, body: draft, basedOn: newest?.version ?? 0 });
          }}
        >
          <Field
            label="Guidelines"
            hint="Markdown. Saving makes a new version; votes keep the version they were made under."
            error={fieldError(save.error, "body")}
          >
            <Textarea rows={16} value={draft} onChange={(event) => setDraft(event.target.value)} />
          </Field>
          {save.error && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(save.error)}
            </p>
          )}
          <div className="flex gap-2">
            <Button type="submit" variant="primary" loading={save.isPending}>
              Save version {(newest?.version ?? 0) + 1}
            </Button>
            <Button onClick={() => setDraft(null)}>Cancel</Button>
          </div>
          <section aria-label="Preview" className="rounded-lg border bg-surface p-5">
            <h2 className="mb-3 text-sm text-muted">Preview</h2>
            <TextView text={draft} mode="rendered" />
          </section>
        </form>
      )}
      {list.data.length > 0 && (
        <section aria-labelledby="versions">
          <h2 id="versions" className="mb-2 font-semibold">
            Versions
          </h2>
          <ul className="space-y-1 text-sm">
            {list.data.map(({ id, version, createdBy, createdAt, judgements }) => (
              <li key={id}>
                Version {version}
                {createdBy ? ` by ${createdBy}` : ""}, <RelativeTime date={createdAt} />, {judgements} judgements
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
