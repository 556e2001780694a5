"use client";
/** Shows a secret this once: a token, the key of a webhook. */
import type { ReactNode } from "react";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Dialog, DialogClose, DialogContent } from "./dialog";

export function SecretDialog({
  secret,
  title,
  description,
  children,
  onClose,
}: {
  secret: string | null;
  title: string;
  description: string;
  children?: ReactNode;
  onClose: () => void;
}) {
  return (
    <Dialog open={secret !== null} onOpenChange={onClose}>
      {secret !== null && (
        <DialogContent
          title={title}
          description={description}
          footer={
            <DialogClose asChild>
              <Button variant="primary">Done</Button>
            </DialogClose>
          }
        >
          <div className="flex flex-wrap items-center gap-2">
            <code className="min-w-0 flex-1 rounded-md bg-sunken px-3 py-2 text-sm break-all select-all">{secret}</code>
            <CopyButton text={secret} label="Copy the secret" />
          </div>
          {children}
        </DialogContent>
      )}
    </Dialog>
  );
}
