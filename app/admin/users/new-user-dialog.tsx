"use client";
/** Adds an account; its password is made by the server and shown once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { ROLES, roleSchema } from "@/domain/user";
import { Button } from "../../components/ui/button";
import { Dialog, DialogContent } from "../../components/ui/dialog";
import { Field, Input, Select } from "../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../trpc";
import type { Credentials } from "./password-dialog";

const FORM_ID = "new-user";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onCreated: (credentials: Credentials) => void;
};

export function NewUserDialog({ open, onOpenChange, onCreated }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(
    trpc.user.create.mutationOptions({
      onSuccess: ({ password }, { email, name }) => onCreated({ email, name, password }),
      onSettled: () => queryClient.invalidateQueries(trpc.user.list.queryFilter()),
    }),
  );
  const nameError = fieldError(create.error, "name");
  const emailError = fieldError(create.error, "email");

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    create.mutate({
      name: String(data.get("name")),
      email: String(data.get("email")).trim(),
      role: roleSchema.parse(data.get("role")),
    });
  }

  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        create.reset();
        onOpenChange(next);
      }}
    >
      <DialogContent
        title="Add user"
        description="A password is made and shown once, for you to hand over."
        footer={
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Add user
          </Button>
        }
      >
        <form id={FORM_ID} onSubmit={onSubmit} noValidate className="flex flex-col gap-4">
          <Field label="Name" error={nameError}>
            <Input name="name" autoComplete="off" required />
          </Field>
          <Field label="E-mail" hint="Signs in with it, also through a provider that confirms it" error={emailError}>
            <Input name="email" type="email" autoComplete="off" required />
          </Field>
          <Field label="Role">
            <Select name="role" defaultValue="annotator">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {role}
                </option>
              ))}
            </Select>
          </Field>
          {create.isError && nameError === null && emailError === null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(create.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
