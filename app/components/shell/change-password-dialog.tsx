"use client";
/** A new password for oneself; all sessions end with it, so the person signs in again. */
import { useMutation } from "@tanstack/react-query";
import { signOut } from "next-auth/react";
import type { FormEvent } from "react";
import { MIN_PASSWORD_LENGTH } from "@/domain/user";
import { errorMessage, fieldError, useTRPC } from "../../trpc";
import { Button } from "../ui/button";
import { Dialog, DialogContent } from "../ui/dialog";
import { Field, Input } from "../ui/field";

const FORM_ID = "change-password";

export function ChangePasswordDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const trpc = useTRPC();
  const change = useMutation(trpc.user.changePassword.mutationOptions({ onSuccess: () => signOut({ callbackUrl: "/sign-in" }) }));
  const currentError = fieldError(change.error, "current");
  const passwordError = fieldError(change.error, "password");

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    change.mutate({ current: String(data.get("current")), password: String(data.get("password")) });
  }

  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Change password"
        description="You will be signed out everywhere and sign in with the new password."
        footer={
          <Button type="submit" form={FORM_ID} variant="primary" loading={change.isPending}>
            Change password
          </Button>
        }
      >
        <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Current password" error={currentError}>
            <Input name="current" type="password" autoComplete="current-password" required />
          </Field>
          <Field label="New password" hint={`At least ${MIN_PASSWORD_LENGTH} characters`} error={passwordError}>
            <Input name="password" type="password" autoComplete="new-password" required />
          </Field>
          {change.isError && passwordError === null && currentError === null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(change.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
