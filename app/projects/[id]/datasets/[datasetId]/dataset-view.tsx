"use client";
/** A version with its hash, its rows, their votes, and the downloads. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { splitSchema } from "@/domain/prompt";
import { Badge, SimulatedBadge } from "../../../../components/ui/badge";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { ErrorState } from "../../../../components/ui/empty-state";
import { Select } from "../../../../components/ui/field";
import { SkeletonTable } from "../../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../../trpc";

const PAGE = 25;
const EXPORTS = {
  preference: [
    ["TRL, explicit prompt", "format=trl-preference"],
    ["TRL, implicit prompt", "format=trl-preference&prompt=implicit"],
    ["TRL, strings", "format=trl-preference&shape=string"],
    ["All rows (ties too)", "format=hone"],
  ],
  sft: [
    ["TRL, messages", "format=trl-sft"],
    ["TRL, prompt and completion", "format=trl-sft&layout=prompt-completion"],
    ["All rows", "format=hone"],
  ],
} as const;

export function DatasetView({ projectId, datasetId }: { projectId: string; datasetId: string }) {
  const trpc = useTRPC();
  const [split, setSplit] = useState("");
  const [file, setFile] = useState("jsonl");
  const version = useQuery(trpc.dataset.get.queryOptions({ datasetId }));
  const rows = useInfiniteQuery(
    trpc.dataset.rows.infiniteQueryOptions(
      { datasetId, limit: PAGE },
      {
        initialCursor: -1,
        getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.ordinal),
      },
    ),
  );
  if (version.error) return <ErrorState message={errorMessage(version.error)} onRetry={() => void version.refetch()} />;
  if (version.data === undefined) return <SkeletonTable rows={8} label="Loading the version" />;
  const { kind, version: number, hash, counts, simulated } = version.data;
  return (
    <>
      <p className="mb-1 text-sm text-muted">
        <Link href={`/projects/${projectId}/datasets`} className="hover:underline">
          All versions
        </Link>
      </p>
      <div className="mb-1 flex flex-wrap items-center gap-3">
        <h2 className="text-lg font-semibold">
          {kind} v{number}
        </h2>
        {simulated && <SimulatedBadge />}
        <span className="figures text-sm text-muted">
          {counts.train} train, {counts.validation} validation, {counts.test} test
        </span>
        {kind === "preference" && (
          <Button asChild variant="secondary" className="sm:ml-auto">
            <Link href={`/runs/new?kind=preference&project=${projectId}&dataset=${datasetId}`}>Optimise a policy on it</Link>
          </Button>
        )}
        <Button asChild variant="primary" className={kind === "preference" ? "" : "sm:ml-auto"}>
          <Link href={`/runs/new?kind=${kind === "sft" ? "sft" : "reward"}&project=${projectId}&dataset=${datasetId}`}>
            {kind === "sft" ? "Fine-tune on it" : "Train a reward model on it"}
          </Link>
        </Button>
      </div>
      <p className="mb-4 text-sm break-all text-muted">
        sha256 <code className="text-xs">{hash}</code>
      </p>
      <Card className="mb-6">
        <CardHeader
          title="Download"
          description="The same version gives the same bytes"
          actions={
            <>
              <Select aria-label="Kind of file" className="w-auto" value={file} onChange={(event) => setFile(event.target.value)}>
                <option value="jsonl">JSON lines</option>
                <option value="json">JSON</option>
                <option value="csv">CSV</option>
                <option value="parquet">Parquet</option>
              </Select>
              <Select aria-label="Split to download" className="w-auto" value={split} onChange={(event) => setSplit(event.target.value)}>
                <option value="">All splits</option>
                {splitSchema.options.map((known) => (
                  <option key={known} value={known}>
                    {known} only
                  </option>
                ))}
              </Select>
            </>
          }
        />
        <CardBody className="flex flex-wrap gap-2">
          {EXPORTS[kind].map(([label, query]) => (
            <Button key={query} asChild>
              <a href={`/api/datasets/${datasetId}/export?${query}&file=${file}${split === "" ? "" : `&split=${split}`}`} download>
                <Download aria-hidden="true" className="size-4" />
                {label}
              </a>
            </Button>
          ))}
        </CardBody>
      </Card>
      <h3 id="rows" className="mb-2 scroll-mt-20 font-semibold">
        Rows
      </h3>
      {rows.isPending && <SkeletonTable rows={6} label="Loading the rows" />}
      <ol className="space-y-3">
        {rows.data?.pages.flat().map(({ ordinal, split: rowSplit, promptId, judgementId, content }) => (
          <li key={ordinal} className="rounded-lg border bg-surface p-3 text-sm">
            <p className="mb-1 flex flex-wrap items-center gap-2 text-muted">
              <span className="tabular-nums">Row {ordinal + 1}</span> <Badge>{rowSplit}</Badge>
              <Link className="underline decoration-dotted" href={`/projects/${projectId}/prompts/${promptId}`}>
                {judgementId === null ? "the prompt" : "the prompt and its votes"}
              </Link>
            </p>
            <p className="line-clamp-2 max-w-[90ch] text-muted">{content.messages.at(-1)?.content}</p>
            {"completions" in content ? (
              <ul className="mt-1 space-y-1">
                {content.completions.map((text, i) => (
                  <li key={text} className="max-w-[90ch]">
                    <span className="mr-2 tabular-nums text-muted">{content.ranks[i]}.</span>
                    {text}
                  </li>
                ))}
              </ul>
            ) : (
              <p className="mt-1 max-w-[90ch]">{content.completion}</p>
            )}
          </li>
        ))}
      </ol>
      {rows.error && <ErrorState message={errorMessage(rows.error)} onRetry={() => void rows.refetch()} />}
      {rows.hasNextPage && (
        <Button className="mt-4" loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
          More rows
        </Button>
      )}
    </>
  );
}
