"use client";
/** One small request to an endpoint: its answer with time, tokens and cost, or the exact error. */
import { useMutation } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { type FormEvent, useId } from "react";
import type { ShownEndpoint } from "@/server/services/endpoint";
import { Button } from "../../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../../components/ui/dialog";
import { Field, Input } from "../../../components/ui/field";
import { errorMessage, useTRPC } from "../../../trpc";

const secondsOf = (ms: number) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

export function TryDialog({ projectId, endpoint, onClose }: { projectId: string; endpoint: ShownEndpoint; onClose: () => void }) {
  const trpc = useTRPC();
  const form = useId();
  const trial = useMutation(trpc.endpoint.try.mutationOptions());
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    trial.mutate({ projectId, endpointId: endpoint.id, prompt: String(new FormData(event.currentTarget).get("prompt")) });
  };
  const result = trial.data;
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogContent
        title={`Try ${endpoint.name}`}
        description={`Sends one request to ${endpoint.model}, for at most 64 tokens.`}
        footer={
          <>
            <DialogClose asChild>
              <Button>Close</Button>
            </DialogClose>
            <Button type="submit" form={form} variant="primary" loading={trial.isPending}>
              {result === undefined ? "Send" : "Send again"}
            </Button>
          </>
        }
      >
        <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
          <Field label="Prompt">
            <Input name="prompt" defaultValue="Say hello in one short sentence." maxLength={2000} autoComplete="off" />
          </Field>
          <div aria-live="polite" className="flex flex-col gap-2 text-sm">
            {trial.isPending && <p className="text-muted">Waiting for the answer, a minute at most …</p>}
            {!trial.isPending && result?.ok === true && (
              <>
                <p className="flex items-center gap-1.5 font-medium text-chosen">
                  <CircleCheck aria-hidden="true" className="size-4" />
                  It answered in {secondsOf(result.milliseconds)}
                </p>
                <p className="max-h-48 overflow-y-auto rounded-md bg-sunken p-3 whitespace-pre-wrap">{result.answer.text}</p>
                <dl className="figures grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5">
                  <dt className="text-muted">Model</dt>
                  <dd className="break-all">{result.answer.model}</dd>
                  <dt className="text-muted">Tokens</dt>
                  <dd>
                    {result.answer.inputTokens} in, {result.answer.outputTokens} out
                    {result.answer.estimated && ", estimated: the endpoint counts none"}
                  </dd>
                  <dt className="text-muted">Finish reason</dt>
                  <dd>{result.answer.finishReason ?? "not told"}</dd>
                  <dt className="text-muted">Cost</dt>
                  <dd>{result.cost === 0 ? "none, as no price is set" : `$${result.cost.toFixed(6)}`}</dd>
                </dl>
              </>
            )}
            {!trial.isPending && result?.ok === false && (
              <>
                <p className="flex items-center gap-1.5 font-medium text-failed">
                  <CircleAlert aria-hidden="true" className="size-4" />
                  No answer after {secondsOf(result.milliseconds)}
                </p>
                <p className="rounded-md bg-sunken p-3 break-words whitespace-pre-wrap">{result.error}</p>
              </>
            )}
            {trial.isError && (
              <p role="alert" className="text-failed">
                {errorMessage(trial.error)}
              </p>
            )}
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
