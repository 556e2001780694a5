"use client";
/** Deletes a person at their request. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import type { ListedUser } from "@/server/services/user";
import { DeletionTerms, votesChoice } from "../../components/people/deletion-terms";
import { Button } from "../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../components/ui/dialog";
import { Skeleton } from "../../components/ui/skeleton";
import { useToast } from "../../components/ui/toast";
import { errorMessage, useTRPC } from "../../trpc";

const FORM_ID = "delete-person";

export function DeletePersonDialog({ user, open, onClose }: { user: ListedUser; open: boolean; onClose: () => void }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queries = useQueryClient();
  const counts = useQuery({ ...trpc.user.votes.queryOptions({ userId: user.id }), enabled: open });
  const remove = useMutation(
    trpc.user.delete.mutationOptions({
      onSuccess: ({ pseudonym }) => {
        toast({ title: `${user.name} was deleted`, description: `What stays is under the name ${pseudonym}.` });
        onClose();
      },
      onSettled: () => queries.invalidateQueries(trpc.user.list.queryFilter()),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    remove.mutate({ userId: user.id, votes: votesChoice(new FormData(event.currentTarget)) });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={() => {
        remove.reset();
        onClose();
      }}
    >
      <DialogContent
        title={`Delete ${user.name}`}
        description="This cannot be taken back."
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form={FORM_ID} variant="danger" loading={remove.isPending} disabled={counts.data === undefined}>
              Delete for good
            </Button>
          </>
        }
      >
        <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
          {counts.data === undefined ? <Skeleton className="h-48" /> : <DeletionTerms whose="their" {...counts.data} />}
          {(counts.isError || remove.isError) && (
            <p role="alert" className="text-sm text-failed">
              {errorMessage(remove.error ?? counts.error)}
            </p>
          )}
        </form>
      </DialogContent>
    </Dialog>
  );
}
