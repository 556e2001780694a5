"use client";
/** The table of prompts with its filters, and the ways to get more data. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FileUp, ListPlus, MessagesSquare, Sparkles } from "lucide-react";
import Link from "next/link";
import { useDeferredValue, useState } from "react";
import { splitSchema } from "@/domain/prompt";
import { Button } from "../../../components/ui/button";
import { Card } from "../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { Input, Select } from "../../../components/ui/field";
import { Pages } from "../../../components/ui/pages";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../trpc";
import { countOf } from "../../format";
import { MakeItemsDialog } from "./make-items-dialog";
import { PromptsTable } from "./prompts-table";
import { SampleDialog } from "./sample-dialog";
import { usePromptFilter } from "./use-prompt-filter";

const PAGE_SIZE = 50;

export function PromptsView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const [filter, setFilter] = usePromptFilter();
  const [making, setMaking] = useState(false);
  const [sampling, setSampling] = useState(false);
  const search = useDeferredValue(filter.search);
  const facets = useQuery(trpc.prompt.facets.queryOptions({ projectId }));
  const prompts = useQuery({
    ...trpc.prompt.list.queryOptions({
      projectId,
      sort: filter.sort,
      limit: PAGE_SIZE,
      offset: (filter.page - 1) * PAGE_SIZE,
      ...(search === "" ? {} : { search }),
      ...(filter.split === null ? {} : { split: filter.split }),
      ...(filter.modelId === null ? {} : { modelId: filter.modelId }),
      ...(filter.judged === null ? {} : { judged: filter.judged }),
    }),
    placeholderData: keepPreviousData,
  });
  const filtered = filter.search !== "" || filter.split !== null || filter.modelId !== null || filter.judged !== null;
  const splits = new Map(facets.data?.splits.map(({ split, prompts: n }) => [split, n]));
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Input
          type="search"
          aria-label="Search in prompts and references"
          placeholder="Search in prompts and references"
          className="sm:w-72"
          value={filter.search}
          onChange={(event) => setFilter({ search: event.target.value })}
        />
        <Select
          aria-label="Split"
          className="w-auto"
          value={filter.split ?? ""}
          onChange={(event) => setFilter({ split: splitSchema.options.find((split) => split === event.target.value) ?? null })}
        >
          <option value="">All splits</option>
          {splitSchema.options.map((split) => (
            <option key={split} value={split}>
              {split} ({splits.get(split) ?? 0})
            </option>
          ))}
        </Select>
        <Select
          aria-label="Model"
          className="w-auto max-w-60"
          value={filter.modelId ?? ""}
          onChange={(event) => setFilter({ modelId: event.target.value === "" ? null : event.target.value })}
        >
          <option value="">All models</option>
          {facets.data?.models.map((model) => (
            <option key={model.id} value={model.id}>
              {model.name} ({model.completions})
            </option>
          ))}
        </Select>
        <Select
          aria-label="Judged"
          className="w-auto"
          value={filter.judged ?? ""}
          onChange={(event) =>
            setFilter({ judged: event.target.value === "yes" || event.target.value === "no" ? event.target.value : null })
          }
        >
          <option value="">Judged or not</option>
          <option value="yes">Judged</option>
          <option value="no">Not judged</option>
        </Select>
        <div className="flex flex-wrap gap-2 sm:ml-auto">
          <Button asChild>
            <Link href={`/projects/${projectId}/import`}>
              <FileUp aria-hidden="true" className="size-4" />
              Import
            </Link>
          </Button>
          <Button onClick={() => setSampling(true)}>
            <Sparkles aria-hidden="true" className="size-4" />
            Sample completions
          </Button>
          <Button onClick={() => setMaking(true)}>
            <ListPlus aria-hidden="true" className="size-4" />
            Make items
          </Button>
        </div>
      </div>
      <p role="status" className="figures mb-2 min-h-5 text-sm text-muted">
        {prompts.data !== undefined && countOf(prompts.data.total, "prompt")}
      </p>
      <Card>
        {prompts.isPending && <SkeletonTable rows={8} label="Loading prompts" />}
        {prompts.isError && prompts.data === undefined && (
          <ErrorState message={errorMessage(prompts.error)} onRetry={() => void prompts.refetch()} />
        )}
        {prompts.data?.total === 0 && !filtered && (
          <EmptyState
            icon={<MessagesSquare aria-hidden="true" />}
            title="No prompts yet"
            action={
              <Button asChild variant="primary">
                <Link href={`/projects/${projectId}/import`}>Import prompts</Link>
              </Button>
            }
          >
            Prompts are what models answer and people judge. Import a file of JSON lines: prompts alone, with completions, or with
            comparisons that were judged elsewhere.
          </EmptyState>
        )}
        {prompts.data?.total === 0 && filtered && (
          <EmptyState
            icon={<MessagesSquare aria-hidden="true" />}
            title="No prompt matches"
            action={<Button onClick={() => setFilter({ search: "", split: null, modelId: null, judged: null })}>Clear the filters</Button>}
          >
            No prompt has these words, split, model and state.
          </EmptyState>
        )}
        {prompts.data !== undefined && prompts.data.rows.length > 0 && (
          <PromptsTable projectId={projectId} rows={prompts.data.rows} filter={filter} onFilter={setFilter} />
        )}
      </Card>
      {prompts.data !== undefined && prompts.data.total > PAGE_SIZE && (
        <Pages
          page={filter.page}
          pages={Math.ceil(prompts.data.total / PAGE_SIZE)}
          onPage={(page) => setFilter({ page })}
          className="mt-3"
        />
      )}
      <SampleDialog projectId={projectId} open={sampling} onOpenChange={setSampling} />
      <MakeItemsDialog projectId={projectId} open={making} onOpenChange={setMaking} />
    </>
  );
}
