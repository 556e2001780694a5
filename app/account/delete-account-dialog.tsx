"use client";
/** Deletes the own account, confirmed by the password or, without one, by the e-mail address. */
import { useMutation } from "@tanstack/react-query";
import { signOut } from "next-auth/react";
import type { FormEvent } from "react";
import { DeletionTerms, votesChoice } from "../components/people/deletion-terms";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Field, Input } from "../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../trpc";
import type { Account } from "./account-view";

const FORM_ID = "delete-account";

export function DeleteAccountDialog({
  account,
  open,
  onOpenChange,
}: {
  account: Account;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const remove = useMutation(trpc.user.deleteOwn.mutationOptions({ onSuccess: () => signOut({ callbackUrl: "/sign-in" }) }));
  const wrong = fieldError(remove.error, "confirmation");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    remove.mutate({ confirmation: String(data.get("confirmation") ?? ""), votes: votesChoice(data) });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        remove.reset();
        onOpenChange(next);
      }}
    >
      <DialogContent
        title="Delete my account"
        description="This cannot be taken back."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="danger" loading={remove.isPending || remove.isSuccess}>
              Delete for good
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <DeletionTerms whose="your" votes={account.votes} frozen={account.frozen} />
          <Field label={account.hasPassword ? "Password" : "E-mail address of your account"} hint="To be sure that it is you" error={wrong}>
            <Input
              name="confirmation"
              type={account.hasPassword ? "password" : "email"}
              autoComplete={account.hasPassword ? "current-password" : "off"}
              required
            />
          </Field>
          {remove.isError && wrong === null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(remove.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
