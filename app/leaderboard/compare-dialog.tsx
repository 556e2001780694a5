"use client";
/** Sets models against each other: items for the annotators, made of completions that are there already. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { PAIR_SELECTIONS, type PairSelection } from "@/domain/comparison";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Checkbox, Field, Input, Select } from "../components/ui/field";
import { Skeleton } from "../components/ui/skeleton";
import { useToast } from "../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../trpc";

const FORM_ID = "compare-models";

const idOf = (data: FormData, name: string): string | null => String(data.get(name) ?? "") || null;

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
  const [selection, setSelection] = useState<PairSelection>("random");
  const byReward = selection === "uncertain" || selection === "disagreement";
  const scorers = useQuery({ ...trpc.checkpoint.scoring.queryOptions({ projectId }), enabled: open && byReward });
  const compare = useMutation(
    trpc.item.compare.mutationOptions({
      onSuccess: ({ created, existing, unscored }) => {
        toast({
          title: `${created} items for the annotators`,
          description:
            [
              existing > 0 && `${existing} comparisons were items already.`,
              unscored > 0 && `${unscored} prompts have no scores and were left out.`,
            ]
              .filter((part) => part !== false)
              .join(" ") || undefined,
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
      selection,
      rewardCheckpointId: idOf(data, "rewardCheckpointId"),
      otherCheckpointId: idOf(data, "otherCheckpointId"),
    });
  };
  const answered = facets.data?.models.filter(({ completions }) => completions > 0);
  const wrong = (field: string) => fieldError(compare.error, field);
  const named = ["modelIds", "split", "maxItems", "rewardCheckpointId", "otherCheckpointId"].some((field) => wrong(field) !== null);
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
            <Select
              name="selection"
              value={selection}
              onChange={(event) => setSelection(PAIR_SELECTIONS.find((known) => known === event.target.value) ?? "random")}
            >
              <option value="random">Random: every pair alike</option>
              <option value="balanced">Balanced: pairs with fewest votes first</option>
              <option value="information">Information: pairs whose votes tell most</option>
              <option value="wanted">Wanted: the more likely, the more votes until 30 Elo points are settled</option>
              <option value="uncertain">Reward uncertain: where a reward model's preference is nearest to a half</option>
              <option value="disagreement">Disagreement: where a reward model contradicts another, or the votes</option>
            </Select>
          </Field>
          {byReward && (
            <div className="grid gap-4 sm:grid-cols-2">
              <Field
                label="Reward model"
                hint={
                  scorers.data?.length === 0 ? (
                    <>
                      None has scored completions.{" "}
                      <Link className="underline" href={`/runs/new?kind=score&project=${projectId}`}>
                        Start a score run
                      </Link>
                    </>
                  ) : (
                    "By its stored scores"
                  )
                }
                error={wrong("rewardCheckpointId")}
              >
                <Select name="rewardCheckpointId">
                  {scorers.data?.map(({ id, name, scored }) => (
                    <option key={id} value={id}>
                      {name} ({scored} scores)
                    </option>
                  ))}
                </Select>
              </Field>
              {selection === "disagreement" && (
                <Field label="Against" error={wrong("otherCheckpointId")}>
                  <Select name="otherCheckpointId">
                    <option value="">What people's votes say of the models</option>
                    {scorers.data?.map(({ id, name }) => (
                      <option key={id} value={id}>
                        {name}
                      </option>
                    ))}
                  </Select>
                </Field>
              )}
            </div>
          )}
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
