"use client";
/** The list of models with its filters, and the dialog that adds one. */
import { useQuery } from "@tanstack/react-query";
import { Boxes, Plus } from "lucide-react";
import { useState } from "react";
import { checkpointKindSchema } from "@/domain/checkpoint";
import { Button } from "../components/ui/button";
import { Card } from "../components/ui/card";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { Checkbox, Input, Select } from "../components/ui/field";
import { PageHeader } from "../components/ui/page-header";
import { SkeletonTable } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import { AddModelDialog } from "./add-model-dialog";
import { ModelsTable } from "./models-table";
import { filterModels, useModelFilter } from "./use-model-filter";

const KINDS = { base: "Whole models", adapter: "Adapters", reward: "Reward models", head: "Heads" } as const;

export function ModelsView({ admin }: { admin: boolean }) {
  const trpc = useTRPC();
  const models = useQuery(trpc.model.list.queryOptions());
  const [filter, setFilter] = useModelFilter();
  const [adding, setAdding] = useState(false);
  const rows = filterModels(models.data ?? [], filter);
  const trials = models.data?.filter(({ sweepId }) => sweepId !== null).length ?? 0;
  return (
    <>
      <PageHeader
        title="Models"
        description="Base models and what runs made of them: where a run can start."
        actions={
          <Button variant="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden="true" className="size-4" />
            Add a model
          </Button>
        }
      />
      <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        <Input
          type="search"
          aria-label="Search by name, family or project"
          placeholder="Search by name, family or project"
          className="sm:w-80"
          value={filter.query}
          onChange={(event) => setFilter({ query: event.target.value })}
        />
        <Select
          aria-label="Kind"
          className="w-auto"
          value={filter.kind ?? ""}
          onChange={(event) => setFilter({ kind: checkpointKindSchema.options.find((kind) => kind === event.target.value) ?? null })}
        >
          <option value="">All kinds</option>
          {checkpointKindSchema.options.map((kind) => (
            <option key={kind} value={kind}>
              {KINDS[kind]}
            </option>
          ))}
        </Select>
        {trials > 0 && (
          <Checkbox
            label={`Show ${trials} of sweeps' trials`}
            checked={filter.trials}
            onChange={(event) => setFilter({ trials: event.target.checked })}
          />
        )}
        <p role="status" className="figures text-sm text-muted sm:ml-auto">
          {models.isSuccess && `${rows.length} shown`}
        </p>
      </div>
      <Card>
        {models.isPending && <SkeletonTable rows={6} label="Loading models" />}
        {models.isError && models.data === undefined && (
          <ErrorState message={errorMessage(models.error)} onRetry={() => void models.refetch()} />
        )}
        {models.data !== undefined && rows.length === 0 && (
          <EmptyState
            icon={<Boxes aria-hidden="true" />}
            title={models.data.length === 0 ? "No models yet" : "No model matches"}
            action={models.data.length > 0 && <Button onClick={() => setFilter({ query: "", kind: null })}>Clear the filters</Button>}
          >
            {models.data.length === 0 ? "Add a Hugging Face folder to begin with." : "No model is of this kind with all these words."}
          </EmptyState>
        )}
        {rows.length > 0 && <ModelsTable rows={rows} admin={admin} filter={filter} onFilter={setFilter} />}
      </Card>
      <AddModelDialog admin={admin} open={adding} onOpenChange={setAdding} />
    </>
  );
}
