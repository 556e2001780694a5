"use client";
/** Sends a file to the import, first to look and then to store. The body is the file itself: it is never held in memory. */
import { useMutation } from "@tanstack/react-query";
import type { ImportKind } from "@/domain/formats/import-row";
import type { ImportReport } from "@/server/services/import";

export type ImportRequest = {
  file: File;
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
    source: file.name,
    dryRun: dryRun ? "1" : "0",
    columns: JSON.stringify(columns),
  });
  const response = await fetch(`/api/import?${parameters}`, {
    method: "POST",
    body: file,
    headers: { "content-type": "application/octet-stream" },
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
