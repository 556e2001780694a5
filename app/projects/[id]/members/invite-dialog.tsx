"use client";
/** Makes an invitation; its link is shown once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { PROJECT_ROLE_WORDS, PROJECT_ROLES, projectRoleSchema } from "@/domain/project-role";
import { Button } from "../../../components/ui/button";
import { CopyField } from "../../../components/ui/copy-field";
import { Dialog, DialogClose, DialogContent } from "../../../components/ui/dialog";
import { Field, Input, Select } from "../../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";

const FORM_ID = "invite";
const FIELDS = ["role", "email", "maxUses", "days"] as const;

export function InviteDialog({
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
  const invite = useMutation(trpc.member.invite.mutationOptions({ onSuccess: () => queries.invalidateQueries(trpc.member.pathFilter()) }));
  const close = (next: boolean) => {
    if (!next) invite.reset();
    onOpenChange(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const email = String(data.get("email") ?? "").trim();
    invite.mutate({
      projectId,
      role: projectRoleSchema.parse(data.get("role")),
      email: email === "" ? null : email,
      maxUses: Number(data.get("maxUses")),
      days: Number(data.get("days")),
    });
  };
  const wrong = (field: (typeof FIELDS)[number]) => fieldError(invite.error, field);
  if (invite.data !== undefined) {
    return (
      <Dialog open={open} onOpenChange={close}>
        <DialogContent
          title="The link"
          description="It is shown this once and stored only as a hash. Send it to whom it is for; whoever has it can use it."
          footer={
            <DialogClose asChild>
              <Button variant="primary">Done</Button>
            </DialogClose>
          }
        >
          <CopyField text={`${window.location.origin}/invite/${invite.data.token}`} what="the link" />
        </DialogContent>
      </Dialog>
    );
  }
  return (
    <Dialog open={open} onOpenChange={close}>
      <DialogContent
        title="Invite by link"
        description="Whoever opens the link and signs in, or makes an account, becomes a member."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="primary" loading={invite.isPending}>
              Make the link
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} noValidate className="grid gap-4 sm:grid-cols-2">
          <Field className="sm:col-span-2" label="Role" error={wrong("role")}>
            <Select name="role" defaultValue="annotator">
              {PROJECT_ROLES.map((role) => (
                <option key={role} value={role}>
                  {role}: {PROJECT_ROLE_WORDS[role]}
                </option>
              ))}
            </Select>
          </Field>
          <Field
            className="sm:col-span-2"
            label="Only for this e-mail"
            hint="The account must have this address; empty for whoever has the link"
            error={wrong("email")}
          >
            <Input name="email" type="email" autoComplete="off" />
          </Field>
          <Field label="Uses" hint="How many people, 1 to 1000" error={wrong("maxUses")}>
            <Input name="maxUses" inputMode="numeric" className="figures" defaultValue={1} />
          </Field>
          <Field label="Days" hint="Until it expires, 1 to 365" error={wrong("days")}>
            <Input name="days" inputMode="numeric" className="figures" defaultValue={14} />
          </Field>
          {invite.isError && FIELDS.every((field) => wrong(field) === null) && (
            <p role="alert" className="text-sm text-failed sm:col-span-2">
              {errorMessage(invite.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
