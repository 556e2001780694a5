"use client";
/** Publishes a dataset version as a data set on the Hugging Face hub, with the server's token. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { UploadCloud } from "lucide-react";
import type { FormEvent } from "react";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { Field, Input, Select } from "../../../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../../../trpc";

export function PublishCard({ datasetId }: { datasetId: string }) {
  const trpc = useTRPC();
  const ready = useQuery(trpc.hub.ready.queryOptions());
  const push = useMutation(trpc.hub.push.mutationOptions());
  // Without a token it could only fail: README and docs say how to set one.
  if (ready.data?.token !== true) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    push.mutate({
      datasetId,
      repo: String(data.get("repo")).trim(),
      visibility: data.get("visibility") === "public" ? "public" : "private",
    });
  };
  return (
    <Card className="mb-6">
      <CardHeader
        title="Publish on the Hugging Face hub"
        description="One JSONL file for each split, and a card with its hash; in the account of the server's token"
      />
      <CardBody>
        <form onSubmit={submit} noValidate className="flex flex-wrap items-start gap-3">
          <Field
            label="Data set"
            hint="owner/name; made where there is none"
            error={push.isError ? (fieldError(push.error, "repo") ?? errorMessage(push.error)) : null}
            className="min-w-60 flex-1"
          >
            <Input name="repo" autoComplete="off" spellCheck={false} />
          </Field>
          <Field label="A new one is" className="w-40">
            <Select name="visibility" defaultValue="private">
              <option value="private">private</option>
              <option value="public">public</option>
            </Select>
          </Field>
          <Button type="submit" loading={push.isPending} className="mt-6">
            <UploadCloud aria-hidden="true" className="size-4" />
            Publish
          </Button>
        </form>
        <p role="status" className="mt-2 text-sm">
          {push.data !== undefined && (
            <>
              Published:{" "}
              <a href={push.data.url} className="break-all text-accent underline">
                {push.data.url}
              </a>
            </>
          )}
        </p>
      </CardBody>
    </Card>
  );
}
