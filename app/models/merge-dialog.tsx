"use client";
/** Merges an adapter into a whole model that can be downloaded and started from. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import type { ListedModel } from "@/server/services/model-list";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Field, Input, Select } from "../components/ui/field";
import { useToast } from "../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../trpc";

export const toModelName = (text: string) =>
  text
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[.-]+|-+$/g, "")
    .slice(0, 100);

export function MergeDialog({ model, open, onOpenChange }: { model: ListedModel; open: boolean; onOpenChange: (open: boolean) => void }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queryClient = useQueryClient();
  const merge = useMutation(
    trpc.model.merge.mutationOptions({
      onSuccess: ({ name, created }) => {
        toast({ title: created ? `${name} is there` : `${name} was there already` });
        onOpenChange(false);
      },
      onSettled: () => queryClient.invalidateQueries(trpc.model.list.queryFilter()),
    }),
  );
  const formId = `merge-${model.id}`;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    merge.mutate({ checkpointId: model.id, name: String(data.get("name")), dtype: data.get("dtype") === "bf16" ? "bf16" : "f32" });
  };
  const wrongName = fieldError(merge.error, "name");
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Merge into a model"
        description={`${model.name} and the adapters it stands on become part of their base. The adapter stays as it is.`}
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={formId} variant="primary" loading={merge.isPending}>
              Merge
            </Button>
          </>
        }
      >
        <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Name" hint="Letters, digits, dots, dashes and underscores" error={wrongName}>
            <Input name="name" required maxLength={100} autoComplete="off" defaultValue={toModelName(`${model.name}-merged`)} />
          </Field>
          <Field label="Stored as" hint="16 bits take half the space and round the weights">
            <Select name="dtype" defaultValue="f32">
              <option value="f32">float32, exact</option>
              <option value="bf16">bfloat16</option>
            </Select>
          </Field>
          {merge.isError && wrongName === null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(merge.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
