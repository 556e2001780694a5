"use client";
/** Samples completions of the project's prompts from several models at once: checkpoints of ours, outside endpoints. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, useId } from "react";
import { splitSchema } from "@/domain/prompt";
import { Button } from "../../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../../components/ui/dialog";
import { Checkbox, Field, Input, Select } from "../../../components/ui/field";
import { Skeleton } from "../../../components/ui/skeleton";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";
import { countOf } from "../../format";

const FIELDS = ["sources", "split", "maxPrompts", "completionsPerPrompt", "temperature", "maxNewTokens", "maxCost"];

export function SampleDialog({
  projectId,
  open,
  onOpenChange,
}: {
  projectId: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const toast = useToast();
  const form = useId();
  const inputs = useQuery({ ...trpc.run.inputs.queryOptions({ projectId }), enabled: open });
  const start = useMutation(
    trpc.run.sample.mutationOptions({
      onSuccess: async ({ runs }) => {
        await queries.invalidateQueries(trpc.run.list.queryFilter());
        toast({ title: `${countOf(runs.length, "run")} in the queue` });
        const [only] = runs;
        router.push(runs.length === 1 && only !== undefined ? `/runs/${only.id}` : `/runs?project=${projectId}&kind=sample`);
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const figure = (name: string) => Number(String(data.get(name)).replace(",", "."));
    start.mutate({
      projectId,
      split: splitSchema.options.find((known) => known === data.get("split")) ?? "train",
      maxPrompts: figure("maxPrompts"),
      completionsPerPrompt: figure("completionsPerPrompt"),
      temperature: figure("temperature"),
      maxNewTokens: figure("maxNewTokens"),
      onlyMissing: data.get("onlyMissing") === "on",
      makeItems: data.get("makeItems") === "on",
      maxCost: String(data.get("maxCost") ?? "").trim() === "" ? null : figure("maxCost"),
      checkpointIds: data.getAll("checkpoint").map(String),
      endpointIds: data.getAll("endpoint").map(String),
    });
  };
  const wrong = (field: string) => fieldError(start.error, field) ?? fieldError(start.error, `config.${field}`);
  const checkpoints = inputs.data?.checkpoints.filter(({ kind }) => kind === "base" || kind === "adapter");
  const endpoints = inputs.data?.endpoints ?? [];
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Sample completions"
        description="From one model, or from several to compare: each gets a run of its own on the same prompts."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={form} variant="primary" loading={start.isPending}>
              Start sampling
            </Button>
          </>
        }
      >
        <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <fieldset className="max-h-56 overflow-y-auto">
            <legend className="text-sm font-medium">From</legend>
            {checkpoints === undefined ? (
              <Skeleton className="h-24" />
            ) : (
              <>
                {endpoints.map(({ id, name, model }) => (
                  <Checkbox
                    key={id}
                    name="endpoint"
                    value={id}
                    label={
                      <>
                        {name} <span className="text-muted">{model}, endpoint</span>
                      </>
                    }
                  />
                ))}
                {checkpoints.map(({ id, name, kind, promoted }) => (
                  <Checkbox
                    key={id}
                    name="checkpoint"
                    value={id}
                    label={
                      <>
                        {name}{" "}
                        <span className="text-muted">
                          {kind}
                          {promoted === true ? ", promoted" : ""}
                        </span>
                      </>
                    }
                  />
                ))}
                {checkpoints.length + endpoints.length === 0 && (
                  <p className="text-sm text-muted">The project has no checkpoint and no endpoint yet.</p>
                )}
              </>
            )}
            {wrong("sources") !== null && (
              <p role="alert" className="text-sm text-failed">
                {wrong("sources")}
              </p>
            )}
          </fieldset>
          <p className="text-sm">
            <Link className="underline" href={`/projects/${projectId}/endpoints`}>
              Endpoints: register an outside model
            </Link>
          </p>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Prompts of" error={wrong("split")}>
              <Select name="split" defaultValue="train">
                {splitSchema.options.map((split) => (
                  <option key={split} value={split}>
                    {split} ({inputs.data?.prompts[split].toLocaleString("en") ?? "…"})
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Prompts at most" error={wrong("maxPrompts")}>
              <Input name="maxPrompts" inputMode="numeric" className="figures" defaultValue={100} />
            </Field>
            <Field label="Completions a prompt" hint="Of each source; 1 to 9" error={wrong("completionsPerPrompt")}>
              <Input name="completionsPerPrompt" inputMode="numeric" className="figures" defaultValue={1} />
            </Field>
            <Field label="Longest completion" hint="Tokens" error={wrong("maxNewTokens")}>
              <Input name="maxNewTokens" inputMode="numeric" className="figures" defaultValue={256} />
            </Field>
            <Field label="Temperature" hint="0 is greedy; usually 0.7 to 1" error={wrong("temperature")}>
              <Input name="temperature" inputMode="decimal" className="figures" defaultValue={1} />
            </Field>
            {endpoints.length > 0 && (
              <Field label="Budget" hint="US dollars, for each endpoint; empty: no limit" error={wrong("maxCost")}>
                <Input name="maxCost" inputMode="decimal" className="figures" />
              </Field>
            )}
          </div>
          <div>
            <Checkbox name="onlyMissing" defaultChecked label="Only prompts that lack them" />
            <Checkbox name="makeItems" defaultChecked label="When all have answered, make items that compare them" />
          </div>
          {start.isError && !FIELDS.some((field) => wrong(field) !== null) && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(start.error)} Nothing was started.
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
