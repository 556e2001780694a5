"use client";
/** What goes into the next version, with its counts before anything is frozen. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { preferenceFilterSchema, sftFilterSchema } from "@/domain/dataset-filter";
import { Button } from "../../../components/ui/button";
import { Card } from "../../../components/ui/card";
import { Checkbox, Field, Select } from "../../../components/ui/field";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";

const EXCLUDED = {
  bothBad: "both bad",
  skipped: "skipped",
  flagged: "flagged",
  undone: "undone",
  simulated: "by simulated annotators",
  untouched: "left as shown",
  noPreference: "without a preference (written, or ratings of one answer)",
} as const;

export function FreezeForm({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [kind, setKind] = useState<"preference" | "sft">("preference");
  const [includeSimulated, setIncludeSimulated] = useState(false);
  const [excludeUntouched, setExcludeUntouched] = useState(false);
  const [references, setReferences] = useState(true);
  const [bestRanked, setBestRanked] = useState(false);
  const [written, setWritten] = useState(false);
  const nothing = kind === "sft" && !references && !bestRanked && !written;
  const choice =
    kind === "preference"
      ? { projectId, kind, filter: preferenceFilterSchema.parse({ includeSimulated, excludeUntouched }) }
      : { projectId, kind, filter: sftFilterSchema.parse({ includeSimulated, references: references || nothing, bestRanked, written }) };
  const preview = useQuery({ ...trpc.dataset.preview.queryOptions(choice), enabled: !nothing });
  const freeze = useMutation(
    trpc.dataset.freeze.mutationOptions({
      onSuccess: (version) => {
        toast({
          title: version.created
            ? `${version.kind} v${version.version} is frozen`
            : `Nothing changed since ${version.kind} v${version.version}`,
        });
        void queries.invalidateQueries({ queryKey: trpc.dataset.pathKey() });
      },
    }),
  );
  const counts = preview.data?.counts;
  const rows = counts ? counts.train + counts.validation + counts.test : 0;
  const left = preview.data
    ? Object.entries(EXCLUDED).flatMap(([key, words]) => {
        const n = preview.data.excluded[key as keyof typeof EXCLUDED];
        return n > 0 ? [`${n} ${words}`] : [];
      })
    : [];
  return (
    <Card className="h-fit space-y-4 p-4">
      <h2 className="font-semibold">Freeze a version</h2>
      <Field
        label="Kind"
        hint={kind === "preference" ? "Votes, for reward models and preference optimisation" : "Prompts with one answer, for fine-tuning"}
      >
        <Select value={kind} onChange={(event) => setKind(event.target.value === "sft" ? "sft" : "preference")}>
          <option value="preference">Preference</option>
          <option value="sft">SFT</option>
        </Select>
      </Field>
      {kind === "preference" ? (
        <Checkbox
          label="Leave out rankings submitted as they were shown"
          checked={excludeUntouched}
          onChange={(event) => setExcludeUntouched(event.target.checked)}
        />
      ) : (
        <>
          <Checkbox label="Reference answers" checked={references} onChange={(event) => setReferences(event.target.checked)} />
          <Checkbox label="Best-ranked completions" checked={bestRanked} onChange={(event) => setBestRanked(event.target.checked)} />
          <Checkbox label="Written and edited answers" checked={written} onChange={(event) => setWritten(event.target.checked)} />
        </>
      )}
      {(kind === "preference" || bestRanked || written) && (
        <Checkbox
          label="Votes of simulated annotators too"
          checked={includeSimulated}
          onChange={(event) => setIncludeSimulated(event.target.checked)}
        />
      )}
      <div aria-live="polite" className="rounded-md bg-sunken p-3 text-sm">
        {nothing ? (
          "Choose references, best-ranked completions, or written answers."
        ) : preview.error ? (
          <span className="text-failed">{errorMessage(preview.error)}</span>
        ) : counts === undefined ? (
          "Counting …"
        ) : (
          <>
            <p className="tabular-nums">
              {rows} rows: {counts.train} train, {counts.validation} validation, {counts.test} test
            </p>
            {left.length > 0 && <p className="text-muted">Left out: {left.join(", ")}</p>}
          </>
        )}
      </div>
      {freeze.error && (
        <p role="alert" className="text-sm text-failed">
          {errorMessage(freeze.error)}
        </p>
      )}
      <Button
        variant="primary"
        className="w-full"
        loading={freeze.isPending}
        disabled={nothing || rows === 0}
        onClick={() => freeze.mutate(choice)}
      >
        Freeze
      </Button>
    </Card>
  );
}
