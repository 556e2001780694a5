"use client";
/** Registers an endpoint, or changes one; its name and model stay, as completions are known by them. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import type { ShownEndpoint } from "@/server/services/endpoint";
import { Button } from "../../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../../components/ui/dialog";
import { Checkbox, Field, Input, Select, Textarea } from "../../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";

/** Where the usual servers listen. */
const ADDRESSES = ["https://api.openai.com/v1", "http://localhost:8000/v1", "http://localhost:11434/v1", "http://localhost:8080/v1"];

type Props = {
  projectId: string;
  admin: boolean;
  endpoint: ShownEndpoint | null;
  onClose: () => void;
  /** The new one, to be tried; null after a change. */
  onSaved: (endpoint: ShownEndpoint | null) => void;
};

/** An empty field is `empty`; what is no number is refused by the server, by the field's name. */
const numberOf = (data: FormData, name: string, empty: number | null): number | null => {
  const text = String(data.get(name)).trim();
  return text === "" ? empty : Number(text.replace(",", "."));
};

function readSettings(data: FormData, extra: Record<string, never>) {
  return {
    baseUrl: String(data.get("baseUrl")).trim(),
    requestsPerMinute: numberOf(data, "requestsPerMinute", null),
    tokensPerMinute: numberOf(data, "tokensPerMinute", null),
    concurrency: numberOf(data, "concurrency", 4) ?? 4,
    timeoutSeconds: numberOf(data, "timeoutSeconds", 120) ?? 120,
    inputPrice: numberOf(data, "inputPrice", 0) ?? 0,
    outputPrice: numberOf(data, "outputPrice", 0) ?? 0,
    api: data.get("api") === "completions" ? ("completions" as const) : ("chat" as const),
    maxTokensField: data.get("maxTokensField") === "max_completion_tokens" ? ("max_completion_tokens" as const) : ("max_tokens" as const),
    sendsSeed: data.get("sendsSeed") === "on",
    extra,
  };
}

/** The JSON object of a text; null when it is none. */
function readExtra(text: string): Record<string, never> | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, never>) : null;
  } catch {
    // The field says what is expected.
    return null;
  }
}

export function EndpointDialog({ projectId, admin, endpoint, onClose, onSaved }: Props) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const form = useId();
  const addresses = useId();
  const [extraError, setExtraError] = useState<string | null>(null);
  const onSettled = () => queries.invalidateQueries(trpc.endpoint.list.queryFilter());
  const create = useMutation(trpc.endpoint.create.mutationOptions({ onSuccess: onSaved, onSettled }));
  const update = useMutation(trpc.endpoint.update.mutationOptions({ onSuccess: () => onSaved(null), onSettled }));
  const { error, isPending } = endpoint === null ? create : update;
  const settings = endpoint?.settings;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const extra = readExtra(String(data.get("extra")));
    setExtraError(extra === null ? 'Enter a JSON object: {"reasoning_effort": "low"}' : null);
    if (extra === null) return;
    const key = String(data.get("apiKey")).trim();
    if (endpoint === null) {
      create.mutate({
        ...readSettings(data, extra),
        projectId,
        shared: data.get("shared") === "on",
        apiKey: key === "" ? null : key,
        name: String(data.get("name")),
        model: String(data.get("model")),
      });
    } else {
      const apiKey = data.get("dropKey") === "on" ? null : key === "" ? undefined : key;
      update.mutate({
        projectId,
        endpointId: endpoint.id,
        settings: readSettings(data, extra),
        ...(apiKey === undefined ? {} : { apiKey }),
      });
    }
  };
  const named = [
    "name",
    "model",
    "baseUrl",
    "apiKey",
    "requestsPerMinute",
    "tokensPerMinute",
    "concurrency",
    "timeoutSeconds",
    "inputPrice",
    "outputPrice",
    "extra",
  ];
  const wrong = (field: string) => fieldError(error, field) ?? fieldError(error, `settings.${field}`);
  const figure = (
    name: "requestsPerMinute" | "tokensPerMinute" | "concurrency" | "timeoutSeconds" | "inputPrice" | "outputPrice",
    label: string,
    hint: string,
    initial: number | null,
  ) => (
    <Field label={label} hint={hint} error={wrong(name)}>
      <Input
        name={name}
        inputMode="decimal"
        className="figures"
        autoComplete="off"
        defaultValue={String((settings === undefined ? initial : settings[name]) ?? "")}
      />
    </Field>
  );
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogContent
        className="sm:w-[min(44rem,calc(100vw-2rem))]"
        title={endpoint === null ? "Register an endpoint" : `Change ${endpoint.name}`}
        description={
          endpoint === null
            ? "After this you can try it with one small request."
            : `Model ${endpoint.model}. For another model register another endpoint.`
        }
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={form} variant="primary" loading={isPending}>
              {endpoint === null ? "Register" : "Save"}
            </Button>
          </>
        }
      >
        <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-4">
          {endpoint === null && (
            <div className="grid gap-4 sm:grid-cols-2">
              <Field label="Name" hint="How its completions are called everywhere" error={wrong("name")}>
                <Input name="name" maxLength={80} autoComplete="off" />
              </Field>
              <Field label="Model" hint="The id that the server knows, such as gpt-4o-mini or llama3.2" error={wrong("model")}>
                <Input name="model" maxLength={200} autoComplete="off" spellCheck={false} />
              </Field>
            </div>
          )}
          <Field
            label="Base URL"
            hint={
              admin
                ? "Without /chat/completions. Workers and web must both reach it; localhost is the machine that each runs on."
                : "Without /chat/completions. One in the server's own network is for an admin to register, as it could look around in there."
            }
            error={wrong("baseUrl")}
          >
            <Input
              name="baseUrl"
              type="url"
              list={addresses}
              defaultValue={settings?.baseUrl}
              placeholder="https://api.openai.com/v1"
              autoComplete="off"
              spellCheck={false}
            />
          </Field>
          <datalist id={addresses}>
            {ADDRESSES.map((address) => (
              <option key={address} value={address} />
            ))}
          </datalist>
          <Field
            label="API key"
            hint={
              endpoint?.hasKey === true
                ? "Leave empty to keep the one it has"
                : "Encrypted with the server's secret; nobody can read it again. Empty where the server wants none"
            }
            error={wrong("apiKey")}
          >
            <Input name="apiKey" type="password" autoComplete="off" spellCheck={false} />
          </Field>
          {endpoint?.hasKey === true && <Checkbox name="dropKey" label="Take the key away" />}
          <div className="grid gap-4 sm:grid-cols-2">
            {figure("requestsPerMinute", "Requests a minute", "All workers together. Empty: no limit", 60)}
            {figure("tokensPerMinute", "Tokens a minute", "Prompt and completion. Empty: no limit", null)}
            {figure("concurrency", "Requests at once", "For each worker; 1 to 64, usually 4 to 16", 4)}
            {figure("timeoutSeconds", "Longest wait for an answer", "Seconds, 1 to 600", 120)}
            {figure("inputPrice", "Price of input", "US dollars for a million prompt tokens", 0)}
            {figure("outputPrice", "Price of output", "US dollars for a million completion tokens", 0)}
          </div>
          <details className="rounded-md border">
            <summary className="px-3 py-2 text-sm font-medium">What the server understands</summary>
            <div className="grid gap-4 border-t p-3 sm:grid-cols-2">
              <Field label="Protocol" hint="Completions is for base models: a conversation becomes one text">
                <Select name="api" defaultValue={settings?.api}>
                  <option value="chat">/chat/completions</option>
                  <option value="completions">/completions</option>
                </Select>
              </Field>
              <Field label="Longest completion is called" hint="Newer OpenAI models know the second name only">
                <Select name="maxTokensField" defaultValue={settings?.maxTokensField}>
                  <option value="max_tokens">max_tokens</option>
                  <option value="max_completion_tokens">max_completion_tokens</option>
                </Select>
              </Field>
              <Checkbox className="sm:col-span-2" name="sendsSeed" defaultChecked={settings?.sendsSeed ?? true} label="It takes a seed" />
              <Field
                className="sm:col-span-2"
                label="Extra parameters"
                hint={'A JSON object that is added to every request; null takes one out: {"temperature": null}'}
                error={extraError ?? wrong("extra")}
              >
                <Textarea
                  name="extra"
                  rows={3}
                  spellCheck={false}
                  className="font-mono text-xs"
                  defaultValue={
                    settings === undefined || Object.keys(settings.extra).length === 0 ? "" : JSON.stringify(settings.extra, null, 2)
                  }
                />
              </Field>
            </div>
          </details>
          {endpoint === null && admin && <Checkbox name="shared" label="For every project, not only this one" />}
          {error !== null && !named.some((field) => wrong(field) !== null) && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
