"use client";
/** Sends a model's files one after the other, each as a request's body, and has them taken in. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { MODEL_FILES } from "@/domain/model-files";
import { useTRPC, useTRPCClient } from "../trpc";

export type AddRequest = { name: string } & ({ files: readonly File[] } | { path: string });

/** Whatever else lies in a folder is not sent. */
export const wantedFiles = (files: readonly File[]) => files.filter(({ name }) => MODEL_FILES.test(name));

async function sendFile(uploadId: string, file: File): Promise<void> {
  const response = await fetch(`/api/models/upload?${new URLSearchParams({ uploadId, name: file.name })}`, {
    method: "POST",
    body: file,
    headers: { "content-type": "application/octet-stream" },
  }).catch((cause: unknown) => {
    throw new Error(`${file.name} could not be sent: the server could not be reached, or the file could not be read. Try again.`, {
      cause,
    });
  });
  if (response.ok) return;
  const answer = (await response.json().catch(() => null)) as { error: { message: string } } | null;
  throw new Error(answer?.error.message ?? `The server answered with ${response.status} to ${file.name}`);
}

/** `sent` is the share of bytes that arrived, null while nothing is on the way. */
export function useAddModel() {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [sent, setSent] = useState<number | null>(null);
  const add = useMutation({
    mutationFn: async (request: AddRequest) => {
      if ("path" in request) return client.model.add.mutate({ name: request.name, source: { kind: "path", path: request.path } });
      const uploadId = crypto.randomUUID();
      const total = request.files.reduce((sum, { size }) => sum + size, 0);
      let done = 0;
      setSent(0);
      for (const file of request.files) {
        await sendFile(uploadId, file);
        done += file.size;
        setSent(done / total);
      }
      return client.model.add.mutate({ name: request.name, source: { kind: "upload", uploadId } });
    },
    onSettled: () => {
      setSent(null);
      return Promise.all([
        queryClient.invalidateQueries(trpc.model.list.queryFilter()),
        queryClient.invalidateQueries(trpc.run.inputs.queryFilter()),
      ]);
    },
  });
  return { add, sent };
}
