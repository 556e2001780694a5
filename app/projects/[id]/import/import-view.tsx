"use client";
/** Choose a file, see what it would make and which lines are wrong, then store it. */
import { useQueryClient } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { IMPORT_KINDS, type ImportKind } from "@/domain/formats/import-row";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { ErrorState } from "../../../components/ui/empty-state";
import { Field, Input, Select } from "../../../components/ui/field";
import { Spinner } from "../../../components/ui/spinner";
import { useTRPC } from "../../../trpc";
import { countOf } from "../../format";
import { ColumnMapping } from "./column-mapping";
import { ExportCard } from "./export-card";
import { HubPicker } from "./hub-picker";
import { FormatHelp } from "./format-help";
import { ReportView } from "./report-view";
import { type ImportFile, nameOf, useImport } from "./use-import";

const KIND_LABELS: Record<ImportKind, string> = {
  prompts: "Prompts, with references or not",
  completions: "Completions of prompts",
  comparisons: "Comparisons judged elsewhere",
};

export function ImportView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [kind, setKind] = useState<ImportKind>("prompts");
  const [file, setFile] = useState<ImportFile | null>(null);
  const [columns, setColumns] = useState<Readonly<Record<string, string>>>({});
  const [policy, setPolicy] = useState<"keep" | "refuse">("keep");
  const preview = useImport(projectId);
  const store = useImport(projectId);

  const look = (nextFile: ImportFile | null, nextKind: ImportKind, nextColumns: Readonly<Record<string, string>> = {}) => {
    setFile(nextFile);
    setKind(nextKind);
    setColumns(nextColumns);
    store.reset();
    preview.reset();
    if (nextFile !== null) preview.mutate({ file: nextFile, kind: nextKind, policy: "keep", dryRun: true, columns: nextColumns });
  };
  const save = () => {
    if (file === null) return;
    store.mutate({ file, kind, policy, dryRun: false, columns }, { onSettled: () => queryClient.invalidateQueries(trpc.pathFilter()) });
  };
  const report = store.data ?? preview.data;
  const good = preview.data === undefined ? 0 : preview.data.rows - preview.data.errorCount;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[22rem_1fr]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card>
          <CardHeader title="File" description="JSON lines, JSON, CSV or Parquet, by the ending of its name." />
          <CardBody className="flex flex-col gap-4">
            <Field label="What the rows are">
              <Select
                value={kind}
                onChange={(event) => look(file, IMPORT_KINDS.find((known) => known === event.target.value) ?? "prompts")}
              >
                {IMPORT_KINDS.map((known) => (
                  <option key={known} value={known}>
                    {KIND_LABELS[known]}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="File" hint="Nothing is stored before you have seen the preview.">
              <Input
                type="file"
                accept=".jsonl,.ndjson,.json,.txt,.csv,.parquet"
                className="h-auto py-1.5 file:mr-3 file:rounded file:border-0 file:bg-sunken file:px-2.5 file:py-1 file:font-medium file:text-text"
                onChange={(event) => look(event.target.files?.[0] ?? null, kind)}
              />
            </Field>
            <HubPicker onChoose={(chosen) => look(chosen, kind)} />
            <Field label="Wrong rows" hint="They are listed with line and reason in any case.">
              <Select value={policy} onChange={(event) => setPolicy(event.target.value === "refuse" ? "refuse" : "keep")}>
                <option value="keep">Keep the good rows</option>
                <option value="refuse">Refuse the whole file</option>
              </Select>
            </Field>
            <FormatHelp kind={kind} />
          </CardBody>
        </Card>
        <ExportCard projectId={projectId} />
      </div>
      <Card aria-live="polite">
        <CardHeader
          title={store.data === undefined ? "Preview" : store.data.stored ? "Stored" : "Refused"}
          actions={
            store.data === undefined &&
            preview.data !== undefined && (
              <Button
                variant="primary"
                disabled={good === 0 || (policy === "refuse" && preview.data.errorCount > 0)}
                loading={store.isPending}
                onClick={save}
              >
                <FileUp aria-hidden="true" className="size-4" />
                {preview.data.errorCount > 0 ? `Store the ${countOf(good, "good row")}` : `Store ${countOf(good, "row")}`}
              </Button>
            )
          }
        />
        {file === null && <p className="px-4 py-10 text-center text-sm text-muted">Choose a file to see what it would make.</p>}
        {preview.isPending && (
          <p className="flex items-center justify-center gap-2 px-4 py-10 text-sm text-muted">
            <Spinner /> Reading {file !== null && nameOf(file)}
          </p>
        )}
        {preview.isError && (
          <ErrorState title="The file could not be read" message={preview.error.message} onRetry={() => look(file, kind)} />
        )}
        {store.isError && <ErrorState title="The file was not stored" message={store.error.message} onRetry={save} />}
        {preview.data !== undefined && store.data === undefined && preview.data.columns.length > 0 && (
          <ColumnMapping
            kind={kind}
            columns={preview.data.columns}
            unused={preview.data.unusedFields}
            mapping={columns}
            wrong={preview.data.errorCount > 0}
            onChange={(next) => look(file, kind, next)}
          />
        )}
        {report !== undefined && <ReportView report={report} kind={kind} />}
        {store.data?.stored === true && (
          <CardBody className="flex flex-wrap gap-2 border-t">
            <Button asChild variant="primary">
              <Link href={`/projects/${projectId}${kind === "comparisons" ? "/datasets" : "/data"}`}>
                {kind === "comparisons" ? "Freeze a dataset version" : "Look at the data"}
              </Link>
            </Button>
            {kind === "prompts" && (
              <Button asChild>
                <Link href={`/runs/new?kind=sample&project=${projectId}`}>Sample completions</Link>
              </Button>
            )}
          </CardBody>
        )}
        {store.data?.stored === false && (
          <p className="border-t px-4 py-3 text-sm">
            The file has wrong rows, and nothing of it was stored. Look at them, or keep the good rows.
          </p>
        )}
      </Card>
    </div>
  );
}
