"use client";
/** Sets models against each other: items for the annotators, made of completions that are there already. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { PAIR_SELECTIONS } from "@/domain/comparison";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Checkbox, Field, Input, Select } from "../components/ui/field";
import { Skeleton } from "../components/ui/skeleton";
import { useToast } from "../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../trpc";

const FORM_ID = "compare-models";

export function CompareDialog({
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
  const toast = useToast();
  const facets = useQuery({ ...trpc.prompt.facets.queryOptions({ projectId }), enabled: open });
  const compare = useMutation(
    trpc.item.compare.mutationOptions({
      onSuccess: ({ created, existing }) => {
        toast({
          title: `${created} items for the annotators`,
          description: existing > 0 ? `${existing} comparisons were items already.` : undefined,
        });
        void queries.invalidateQueries();
        onOpenChange(false);
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    compare.mutate({
      projectId,
      modelIds: data.getAll("model").map(String),
      split: String(data.get("split")) as "train" | "validation" | "test",
      maxItems: Number(data.get("maxItems")),
      selection: PAIR_SELECTIONS.find((known) => known === data.get("selection")) ?? "random",
    });
  };
  const answered = facets.data?.models.filter(({ completions }) => completions > 0);
  const wrong = (field: string) => fieldError(compare.error, field);
  const named = ["modelIds", "split", "maxItems"].some((field) => wrong(field) !== null);
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Compare models"
        description="Each item is two models' answers to one prompt, blind and shuffled. An evaluation leaves such answers on the test split."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="primary" loading={compare.isPending}>
              Make items
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <fieldset className="max-h-56 overflow-y-auto">
            <legend className="text-sm font-medium">Models</legend>
            {answered === undefined ? (
              <Skeleton className="h-24" />
            ) : (
              answered.map(({ id, name, completions, checkpointId }) => (
                <Checkbox
                  key={id}
                  name="model"
                  value={id}
                  defaultChecked={checkpointId !== null}
                  label={
                    <>
                      {name} <span className="figures text-muted">{completions} completions</span>
                    </>
                  }
                />
              ))
            )}
            {wrong("modelIds") !== null && (
              <p role="alert" className="text-sm text-failed">
                {wrong("modelIds")}
              </p>
            )}
          </fieldset>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Prompts of" error={wrong("split")}>
              <Select name="split" defaultValue="test">
                <option value="test">Test split</option>
                <option value="validation">Validation split</option>
                <option value="train">Training split</option>
              </Select>
            </Field>
            <Field label="Items at most" hint="One for each prompt" error={wrong("maxItems")}>
              <Input name="maxItems" inputMode="numeric" className="figures" defaultValue={100} />
            </Field>
          </div>
          <Field label="Pairs" hint="How likely a pair was is stored with every judgement of it">
            <Select name="selection" defaultValue="random">
              <option value="random">Random: every pair alike</option>
              <option value="balanced">Balanced: pairs with fewest votes first</option>
              <option value="information">Information: pairs whose votes tell most</option>
              <option value="wanted">Wanted: the more likely, the more votes until 30 Elo points are settled</option>
            </Select>
          </Field>
          {compare.isError && !named && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(compare.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
