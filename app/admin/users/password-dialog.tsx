"use client";
/** Shows a generated password once. */
import { Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/ui/button";
import { Dialog, DialogClose, DialogContent } from "../../components/ui/dialog";

export type Credentials = { email: string; name: string; password: string };

export function PasswordDialog({ credentials, onClose }: { credentials: Credentials | null; onClose: () => void }) {
  const [copied, setCopied] = useState<"yes" | "no" | null>(null);
  async function copy(password: string) {
    try {
      await navigator.clipboard.writeText(password);
      setCopied("yes");
    } catch {
      // Browsers give the clipboard only to pages over https or localhost.
      setCopied("no");
    }
  }
  return (
    <Dialog
      open={credentials !== null}
      onOpenChange={() => {
        setCopied(null);
        onClose();
      }}
    >
      {credentials !== null && (
        <DialogContent
          title={`Password for ${credentials.name}`}
          description="It is shown this once and stored only as a hash. Hand it over in person or through a safe channel."
          footer={
            <DialogClose asChild>
              <Button variant="primary">Done</Button>
            </DialogClose>
          }
        >
          <dl className="flex flex-col gap-3 text-sm">
            <div>
              <dt className="text-muted">E-mail</dt>
              <dd className="font-medium break-all">{credentials.email}</dd>
            </div>
            <div>
              <dt className="text-muted">Password</dt>
              <dd className="mt-1 flex items-center gap-2">
                <code className="flex-1 rounded-md bg-sunken px-3 py-2 break-all select-all">{credentials.password}</code>
                <Button onClick={() => void copy(credentials.password)}>
                  <Copy aria-hidden="true" className="size-4" />
                  Copy
                </Button>
              </dd>
            </div>
          </dl>
          <p role="status" className="mt-2 min-h-5 text-sm text-muted">
            {copied === "yes" && "Copied."}
            {copied === "no" && "The browser did not allow copying. Select the password and copy it by hand."}
          </p>
        </DialogContent>
      )}
    </Dialog>
  );
}
