"use client";
/** Items for the annotators, of the prompts that have none, by the modes of the settings: counted first, then made. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { MODE_NAMES } from "@/domain/annotation/settings";
import { itemModeSchema } from "@/domain/judgement";
import { splitSchema } from "@/domain/prompt";
import { Button } from "../../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../../components/ui/dialog";
import { Field, Input, Select } from "../../../components/ui/field";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";
import { countOf } from "../../format";

export function MakeItemsDialog({
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
  const [split, setSplit] = useState("");
  const [most, setMost] = useState("1000");
  const maxItems = Math.min(100_000, Math.max(1, Math.floor(Number(most)) || 1));
  const choice = { projectId, split: splitSchema.options.find((known) => known === split) ?? null, maxItems, seed: 1 };
  const plan = useQuery({ ...trpc.item.plan.queryOptions(choice), enabled: open, placeholderData: keepPreviousData });
  const make = useMutation(
    trpc.item.make.mutationOptions({
      onSuccess: ({ made }) => {
        toast({ title: `${countOf(sum(made), "item")} for the annotators` });
        void queries.invalidateQueries();
        onOpenChange(false);
      },
    }),
  );
  const count = sum(plan.data?.made ?? {});
  const error = make.error ?? plan.error;
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Make items"
        description="Each prompt that is no item yet becomes one, in the modes of the project's settings."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button variant="primary" disabled={count === 0} loading={make.isPending} onClick={() => make.mutate(choice)}>
              Make {countOf(count, "item")}
            </Button>
          </>
        }
      >
        <div className="flex flex-col gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Prompts of">
              <Select value={split} onChange={(event) => setSplit(event.target.value)}>
                <option value="">All splits</option>
                {splitSchema.options.map((known) => (
                  <option key={known} value={known}>
                    {known}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Items at most" hint="One for each prompt">
              <Input inputMode="numeric" className="figures" value={most} onChange={(event) => setMost(event.target.value)} />
            </Field>
          </div>
          <div aria-live="polite" className="rounded-md bg-sunken p-3 text-sm">
            {plan.data === undefined ? (
              "Counting …"
            ) : (
              <ul className="figures space-y-0.5">
                {itemModeSchema.options.flatMap((mode) =>
                  plan.data.made[mode] === undefined
                    ? []
                    : [
                        <li key={mode}>
                          {MODE_NAMES[mode]}: {plan.data.made[mode]}
                        </li>,
                      ],
                )}
                {count === 0 && <li>No prompt becomes an item.</li>}
                {plan.data.known > 0 && <li className="text-muted">{countOf(plan.data.known, "prompt")} with items already</li>}
                {plan.data.without > 0 && (
                  <li className="text-muted">{countOf(plan.data.without, "prompt")} with too few completions for the chosen modes</li>
                )}
                {Object.entries(plan.data.left).map(([reason, n]) => (
                  <li key={reason} className="text-muted">
                    {countOf(n, "completion")} left out: {reason.toLowerCase()}
                  </li>
                ))}
              </ul>
            )}
          </div>
          <p className="text-sm">
            <Link className="underline" href={`/projects/${projectId}/settings`}>
              Modes, scales and what annotators see
            </Link>
          </p>
          {error !== null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(error)}
            </p>
          )}
        </div>
      </DialogContent>
    </Dialog>
  );
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
