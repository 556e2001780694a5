"use client";
/** What can be done with one model: train from it, download, merge, delete. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Copy, Download, Ellipsis, GitMerge, Rocket, Trash2 } from "lucide-react";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import type { ListedModel } from "@/server/services/model-list";
import { menuContent, menuItem } from "../components/shell/menu-styles";
import { Button } from "../components/ui/button";
import { ConfirmDialog } from "../components/ui/dialog";
import { useToast } from "../components/ui/toast";
import { errorMessage, useTRPC } from "../trpc";
import { MergeDialog } from "./merge-dialog";

export function ModelActions({ model, admin }: { model: ListedModel; admin: boolean }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<"merge" | "delete" | null>(null);
  const remove = useMutation(
    trpc.model.delete.mutationOptions({
      onSuccess: () => toast({ title: `${model.name} is deleted` }),
      onError: (error) => toast({ title: "Nothing was deleted", description: errorMessage(error), tone: "failed" }),
      onSettled: () => {
        setAsking(null);
        return queryClient.invalidateQueries(trpc.model.list.queryFilter());
      },
    }),
  );
  const copyPath = async () => {
    try {
      await navigator.clipboard.writeText(model.folder);
      toast({ title: "The folder's path is copied", description: model.folder });
    } catch {
      toast({ title: "Its folder on the server", description: model.folder });
    }
  };
  const project = model.projectId === null ? "" : `&project=${model.projectId}`;
  const start =
    model.kind === "reward"
      ? `/runs/new?kind=ppo${project}&reward=${model.id}`
      : model.kind === "head"
        ? `/runs/new?kind=evaluation${project}&base=${model.id}`
        : `/runs/new?kind=sft${project}&base=${model.id}`;
  const mayDelete = !model.shipped && (model.projectId !== null || admin);
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button variant="ghost" size="icon" aria-label={`Actions for ${model.name}`}>
            <Ellipsis aria-hidden="true" className="size-4" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Content align="end" sideOffset={4} className={menuContent}>
          <DropdownMenu.Item asChild>
            <Link href={start} className={menuItem}>
              <Rocket aria-hidden="true" className="size-4 text-muted" />
              Start a run
            </Link>
          </DropdownMenu.Item>
          {model.facts !== null && (
            <DropdownMenu.Item asChild>
              <a href={`/api/checkpoints/${model.id}/download`} download className={menuItem}>
                <Download aria-hidden="true" className="size-4 text-muted" />
                Download as .tar
              </a>
            </DropdownMenu.Item>
          )}
          <DropdownMenu.Item className={menuItem} onSelect={() => void copyPath()}>
            <Copy aria-hidden="true" className="size-4 text-muted" />
            Copy its path
          </DropdownMenu.Item>
          {model.kind === "adapter" && (
            <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("merge")}>
              <GitMerge aria-hidden="true" className="size-4 text-muted" />
              Merge into a model
            </DropdownMenu.Item>
          )}
          {mayDelete && (
            <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("delete")}>
              <Trash2 aria-hidden="true" className="size-4 text-muted" />
              Delete
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Root>
      <MergeDialog model={model} open={asking === "merge"} onOpenChange={() => setAsking(null)} />
      <ConfirmDialog
        open={asking === "delete"}
        onOpenChange={() => setAsking(null)}
        title={`Delete ${model.name}`}
        description="Its files are removed from the file store and cannot be brought back. Where runs, scores or completions need it, nothing is deleted."
        confirmLabel="Delete"
        danger
        loading={remove.isPending}
        onConfirm={() => remove.mutate({ checkpointId: model.id })}
      />
    </>
  );
}
