"use client";
/** Makes a project; everything in it can be changed later. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Field, Input, Textarea } from "../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../trpc";

const FORM_ID = "new-project";

type Props = { open: boolean; onOpenChange: (open: boolean) => void; onCreated: (id: string) => void };

export function NewProjectDialog({ open, onOpenChange, onCreated }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(
    trpc.project.create.mutationOptions({
      onSuccess: ({ id }) => onCreated(id),
      onSettled: () => queryClient.invalidateQueries(trpc.project.list.queryFilter()),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    create.mutate({
      name: String(data.get("name")),
      description: String(data.get("description")),
      overlap: Number(data.get("overlap")),
      reasons: ["Correct", "Wrong", "Clear", "Too long", "Too short"],
    });
  };
  const fields = ["name", "description", "overlap"].map((field) => fieldError(create.error, field));
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="New project"
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
              Make project
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Name" error={fields[0]}>
            <Input name="name" required maxLength={100} autoComplete="off" />
          </Field>
          <Field label="Description" hint="What is judged here and for what; researchers see it." error={fields[1]}>
            <Textarea name="description" maxLength={2000} />
          </Field>
          <Field
            label="Judgements for each item"
            hint="How many annotators judge the same thing. 1 gives most data; 2 or more measure agreement."
            error={fields[2]}
          >
            <Input name="overlap" type="number" min={1} max={20} defaultValue={1} required className="w-28" />
          </Field>
          {create.isError && fields.every((text) => text === null) && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(create.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
