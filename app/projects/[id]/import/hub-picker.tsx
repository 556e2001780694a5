"use client";
/** A file of a data set on the Hugging Face hub: the data set first, then which of its files. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "../../../components/ui/button";
import { Field, Input, Select } from "../../../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 0)} MB`;

export function HubPicker({ onChoose }: { onChoose: (file: { repo: string; path: string }) => void }) {
  const trpc = useTRPC();
  const [repo, setRepo] = useState<string | null>(null);
  const files = useQuery({ ...trpc.hub.files.queryOptions({ repo: repo ?? "" }), enabled: repo !== null, retry: false });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setRepo(String(new FormData(event.currentTarget).get("repo")).trim());
  };
  return (
    <details className="rounded-md border">
      <summary className="px-3 py-2 text-sm font-medium">Or from the Hugging Face hub</summary>
      <div className="flex flex-col gap-4 border-t p-3">
        <form onSubmit={submit} noValidate className="flex flex-col gap-2">
          <Field
            label="Data set"
            hint="owner/name. Private ones need the server's token, HF_TOKEN"
            error={files.isError ? (fieldError(files.error, "repo") ?? errorMessage(files.error)) : null}
          >
            <Input name="repo" placeholder="Anthropic/hh-rlhf" autoComplete="off" spellCheck={false} />
          </Field>
          <Button type="submit" size="sm" className="self-start" loading={files.isFetching}>
            List its files
          </Button>
        </form>
        {files.data?.length === 0 && (
          <p className="text-sm text-muted">It has no file that the import reads: JSON lines, JSON, CSV or Parquet.</p>
        )}
        {repo !== null && files.data !== undefined && files.data.length > 0 && (
          <Field label="File of the data set">
            <Select defaultValue="" onChange={(event) => event.target.value !== "" && onChoose({ repo, path: event.target.value })}>
              <option value="">Choose a file</option>
              {files.data.map(({ path, size }) => (
                <option key={path} value={path}>
                  {path} ({megabytes(size)})
                </option>
              ))}
            </Select>
          </Field>
        )}
      </div>
    </details>
  );
}
