"use client";
/** Adds a model: the files of a Hugging Face folder from this device, or a folder on the server. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { formatBytes } from "@/domain/run-format";
import { Button } from "../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../components/ui/dialog";
import { Field, Input, Select } from "../components/ui/field";
import { Progress } from "../components/ui/progress";
import { useToast } from "../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../trpc";
import { toModelName } from "./merge-dialog";
import { useAddModel, wantedFiles } from "./use-add-model";

const FORM_ID = "add-model";
const OTHER = "other:";

type Props = { admin: boolean; open: boolean; onOpenChange: (open: boolean) => void };

const lastPart = (path: string) => path.split("/").filter(Boolean).at(-1) ?? "";

export function AddModelDialog({ admin, open, onOpenChange }: Props) {
  const trpc = useTRPC();
  const toast = useToast();
  const offered = useQuery({ ...trpc.model.folders.queryOptions(), enabled: open });
  const { add, sent } = useAddModel();
  const [source, setSource] = useState<"upload" | "path">("upload");
  const [files, setFiles] = useState<readonly File[]>([]);
  const [folder, setFolder] = useState("");
  const [otherPath, setOtherPath] = useState("");
  const [typedName, setTypedName] = useState<string | null>(null);
  const [missing, setMissing] = useState<string | null>(null);
  const wanted = wantedFiles(files);
  const path = folder === OTHER ? otherPath : folder;
  // A chosen folder gives each file its place below the folder's name.
  const suggested = toModelName(source === "path" ? lastPart(path) : (files[0]?.webkitRelativePath.split("/")[0] ?? ""));
  const name = typedName ?? suggested;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const lacks =
      source === "upload" &&
      !(wanted.some((file) => file.name === "config.json") && wanted.some((file) => file.name.endsWith(".safetensors")));
    setMissing(lacks ? "Choose config.json, the *.safetensors files, tokenizer.json and tokenizer_config.json" : null);
    if (lacks) return;
    add.mutate(source === "upload" ? { name, files: wanted } : { name, path }, {
      onSuccess: ({ name: added, family, parameters, created }) => {
        toast({
          title: created ? `${added} is added` : `${added} was there already`,
          description: `${family}, ${(parameters / 1e6).toFixed(1)} million parameters. Choose it where a run starts.`,
        });
        setFiles([]);
        setTypedName(null);
        onOpenChange(false);
      },
    });
  };
  const [wrongName, wrongPath] = [fieldError(add.error, "name"), fieldError(add.error, "path")];
  const fileInput =
    "h-auto py-1.5 file:mr-3 file:rounded file:border-0 file:bg-sunken file:px-2.5 file:py-1 file:font-medium file:text-text";
  return (
    <Dialog open={open} onOpenChange={(next) => !add.isPending && onOpenChange(next)}>
      <DialogContent
        title="Add a model"
        description="A Hugging Face folder: GPT-2, Llama, SmolLM2, Mistral, Qwen, Gemma or T5, stored as safetensors. It is checked before it is taken in."
        footer={
          <>
            <DialogClose asChild>
              <Button disabled={add.isPending}>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="primary" loading={add.isPending}>
              Add
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
          <fieldset className="flex flex-wrap gap-x-5 gap-y-2 text-sm">
            <legend className="mb-1 font-medium">Where its files are</legend>
            {(["upload", "path"] as const).map((option) => (
              <label key={option} className="flex min-h-9 items-center gap-2">
                <input
                  type="radio"
                  name="source"
                  checked={source === option}
                  onChange={() => setSource(option)}
                  className="size-4 accent-accent"
                />
                {option === "upload" ? "On this device" : "On the server"}
              </label>
            ))}
          </fieldset>
          {source === "upload" && (
            <Field label="Files" hint="All files of the folder at once; what the trainer does not read is left out." error={missing}>
              <Input type="file" multiple className={fileInput} onChange={(event) => setFiles([...(event.target.files ?? [])])} />
            </Field>
          )}
          {source === "upload" && files.length > 0 && (
            <p className="figures text-sm text-muted" role="status">
              {wanted.length} of {files.length} files, {formatBytes(wanted.reduce((sum, { size }) => sum + size, 0))}
            </p>
          )}
          {source === "path" && (
            <Field
              label="Folder"
              hint={
                offered.data === undefined ? undefined : (
                  <>
                    Folders in <code className="break-all">{offered.data.root}</code>
                  </>
                )
              }
              error={folder === OTHER ? null : wrongPath}
            >
              <Select value={folder} required onChange={(event) => setFolder(event.target.value)}>
                <option value="">{offered.data?.folders.length === 0 ? "No model folder is there" : "Choose a folder"}</option>
                {offered.data?.folders.map((option) => (
                  <option key={option} value={option}>
                    {option}
                  </option>
                ))}
                {admin && <option value={OTHER}>Another folder</option>}
              </Select>
            </Field>
          )}
          {source === "path" && folder === OTHER && (
            <Field label="Path" hint="Absolute, on the server's machine" error={wrongPath}>
              <Input
                value={otherPath}
                required
                autoComplete="off"
                spellCheck={false}
                className="font-mono text-xs"
                onChange={(event) => setOtherPath(event.target.value)}
              />
            </Field>
          )}
          <Field label="Name" hint="Letters, digits, dots, dashes and underscores" error={wrongName}>
            <Input value={name} required maxLength={100} autoComplete="off" onChange={(event) => setTypedName(event.target.value)} />
          </Field>
          {add.isPending && (
            <div role="status" className="figures flex items-center gap-3 text-sm text-muted">
              {sent !== null && sent < 1 ? (
                <>
                  <Progress label="Upload" value={Math.round(sent * 100)} max={100} className="w-40" /> {Math.round(sent * 100)} % sent
                </>
              ) : (
                "Checking and taking in ..."
              )}
            </div>
          )}
          {add.isError && wrongName === null && wrongPath === null && (
            <p role="alert" className="text-sm whitespace-pre-wrap break-words text-failed">
              {errorMessage(add.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
