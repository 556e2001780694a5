"use client";
/** Accepts an invitation, and goes where the new role works. */
import { useMutation } from "@tanstack/react-query";
import { Button } from "../../components/ui/button";
import { errorMessage, useTRPC } from "../../trpc";

export function JoinButton({ token, name }: { token: string; name: string }) {
  const trpc = useTRPC();
  const accept = useMutation(
    trpc.member.accept.mutationOptions({
      // The page is loaded anew: the rooms that are open to this person have changed.
      onSuccess: ({ projectId, slug, role }) =>
        window.location.assign(role === "annotator" ? `/annotate/${slug}` : `/projects/${projectId}`),
    }),
  );
  return (
    <div className="flex flex-col gap-2">
      {accept.isError && (
        <p role="alert" className="rounded-md bg-failed-soft px-3 py-2 text-sm text-failed">
          {errorMessage(accept.error)}
        </p>
      )}
      <Button variant="primary" size="lg" loading={accept.isPending || accept.isSuccess} onClick={() => accept.mutate({ token })}>
        Join as {name}
      </Button>
    </div>
  );
}
