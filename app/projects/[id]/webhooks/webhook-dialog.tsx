"use client";
/** Makes a webhook, or changes one: its address, its events, whether it is on. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { EVENT_WORDS, WEBHOOK_EVENTS, type WebhookEvent } from "@/domain/webhook";
import type { ListedWebhook } from "@/server/services/webhook";
import { Button } from "../../../components/ui/button";
import { Dialog, DialogContent } from "../../../components/ui/dialog";
import { Checkbox, Field, Input } from "../../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";

const FORM_ID = "webhook";

type Props = {
  projectId: string;
  webhook: ListedWebhook | "new" | null;
  onClose: () => void;
  onCreated: (made: { url: string; secret: string }) => void;
};

export function WebhookDialog({ projectId, webhook, onClose, onCreated }: Props) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const known = webhook === "new" ? null : webhook;
  const onSettled = () => queries.invalidateQueries(trpc.webhook.list.queryFilter());
  const create = useMutation(trpc.webhook.create.mutationOptions({ onSuccess: onCreated, onSettled }));
  const change = useMutation(trpc.webhook.change.mutationOptions({ onSuccess: onClose, onSettled }));
  const error = known === null ? create.error : change.error;
  const wrong = (field: string) => fieldError(error, field);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const input = { url: String(data.get("url")).trim(), events: data.getAll("events") as WebhookEvent[] };
    if (known === null) create.mutate({ projectId, ...input });
    else change.mutate({ webhookId: known.id, enabled: data.get("enabled") === "on", ...input });
  }

  return (
    <Dialog
      open={webhook !== null}
      onOpenChange={() => {
        create.reset();
        change.reset();
        onClose();
      }}
    >
      <DialogContent
        title={known === null ? "New webhook" : "Change webhook"}
        description="Deliveries hold ids and states, no texts: the receiver reads those from the API."
        footer={
          <Button type="submit" form={FORM_ID} variant="primary" loading={create.isPending || change.isPending}>
            {known === null ? "Make webhook" : "Save"}
          </Button>
        }
      >
        <form id={FORM_ID} onSubmit={onSubmit} noValidate className="flex flex-col gap-4">
          <Field label="Address" hint="https; private networks are refused unless an admin allowed them" error={wrong("url")}>
            <Input
              name="url"
              type="url"
              inputMode="url"
              autoComplete="off"
              placeholder="https://example.org/hooks/hone"
              defaultValue={known?.url}
            />
          </Field>
          <fieldset aria-describedby="events-error">
            <legend className="text-sm font-medium">Events</legend>
            {WEBHOOK_EVENTS.map((name) => (
              <Checkbox
                key={name}
                name="events"
                value={name}
                defaultChecked={known?.events.includes(name)}
                className="py-1"
                label={
                  <>
                    <code className="text-xs">{name}</code>
                    <span className="block text-xs text-muted">{EVENT_WORDS[name]}</span>
                  </>
                }
              />
            ))}
            <p id="events-error" className="text-sm text-failed">
              {wrong("events")}
            </p>
          </fieldset>
          {known !== null && (
            <Checkbox name="enabled" defaultChecked={known.enabled} label="On; what happens while it is off is not sent later" />
          )}
          {error !== null && wrong("url") === null && wrong("events") === null && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
