"use client";
/** Sends a file to the import, first to look and then to store. The body is the file itself: it is never held in memory. */
import { useMutation } from "@tanstack/react-query";
import type { ImportKind } from "@/domain/formats/import-row";
import type { ImportReport } from "@/server/services/import";

/** A file of this machine, or of a data set on the Hugging Face hub. */
export type ImportFile = File | { repo: string; path: string };
export const nameOf = (file: ImportFile): string => (file instanceof File ? file.name : `${file.repo}/${file.path}`);

export type ImportRequest = {
  file: ImportFile;
  kind: ImportKind;
  policy: "keep" | "refuse";
  dryRun: boolean;
  columns: Readonly<Record<string, string>>;
};

async function sendFile(projectId: string, { file, kind, policy, dryRun, columns }: ImportRequest): Promise<ImportReport> {
  const parameters = new URLSearchParams({
    projectId,
    kind,
    policy,
    source: nameOf(file).slice(-200),
    dryRun: dryRun ? "1" : "0",
    columns: JSON.stringify(columns),
    ...(file instanceof File ? {} : { hub: file.repo, path: file.path }),
  });
  const response = await fetch(`/api/import?${parameters}`, {
    method: "POST",
    ...(file instanceof File ? { body: file, headers: { "content-type": "application/octet-stream" } } : {}),
  }).catch((cause: unknown) => {
    throw new Error("The server could not be reached, or the file could not be read. Nothing was stored; try again.", { cause });
  });
  const answer = (await response.json().catch(() => null)) as ImportReport | { error: { message: string } } | null;
  if (answer === null) throw new Error(`The server answered with ${response.status} and nothing else. Nothing was stored.`);
  if ("error" in answer) throw new Error(answer.error.message);
  return answer;
}

export function useImport(projectId: string) {
  return useMutation({ mutationFn: (request: ImportRequest) => sendFile(projectId, request) });
}
