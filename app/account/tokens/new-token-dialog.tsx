"use client";
/** Makes a token: what for, what it may do, in which project and for how long. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { API_SCOPES, type ApiScope, SCOPE_WORDS, TOKEN_LIFETIMES } from "@/domain/api-token";
import { Button } from "../../components/ui/button";
import { Dialog, DialogContent } from "../../components/ui/dialog";
import { Checkbox, Field, Input, Select } from "../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../trpc";

const FORM_ID = "new-token";
const USUAL_DAYS = 90;

type Props = { open: boolean; onOpenChange: (open: boolean) => void; onCreated: (made: { name: string; token: string }) => void };

export function NewTokenDialog({ open, onOpenChange, onCreated }: Props) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const projects = useQuery(trpc.project.list.queryOptions(undefined, { enabled: open }));
  const create = useMutation(
    trpc.token.create.mutationOptions({
      onSuccess: onCreated,
      onSettled: () => queries.invalidateQueries(trpc.token.list.queryFilter()),
    }),
  );
  const wrong = (field: string) => fieldError(create.error, field);
  const named = ["name", "scopes", "projectId"].some((field) => wrong(field) !== null);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [project, days] = [String(data.get("projectId")), String(data.get("days"))];
    create.mutate({
      name: String(data.get("name")),
      scopes: data.getAll("scopes") as ApiScope[],
      projectId: project === "" ? null : project,
      days: days === "" ? null : Number(days),
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
        title="New token"
        description="It is shown once, when it is made."
        footer={
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending}>
            Make token
          </Button>
        }
      >
        <form id={FORM_ID} onSubmit={onSubmit} noValidate className="flex flex-col gap-4">
          <Field label="What will use it" error={wrong("name")}>
            <Input name="name" autoComplete="off" placeholder="nightly export" />
          </Field>
          <fieldset aria-describedby="scopes-error">
            <legend className="text-sm font-medium">It may</legend>
            {API_SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                name="scopes"
                value={scope}
                label={
                  <>
                    <code className="text-xs">{scope}</code>
                    <span className="block text-xs text-muted">{SCOPE_WORDS[scope]}</span>
                  </>
                }
                className="py-1"
              />
            ))}
            <p id="scopes-error" className="text-sm text-failed">
              {wrong("scopes")}
            </p>
          </fieldset>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Project" error={wrong("projectId")}>
              <Select name="projectId" defaultValue="">
                <option value="">All projects</option>
                {projects.data?.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Ends after">
              <Select name="days" defaultValue={USUAL_DAYS}>
                {TOKEN_LIFETIMES.map((days) => (
                  <option key={days ?? "never"} value={days ?? ""}>
                    {days === null ? "Never" : `${days} days`}
                  </option>
                ))}
              </Select>
            </Field>
          </div>
          {create.isError && !named && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(create.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
