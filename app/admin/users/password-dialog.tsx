"use client";
/** Shows a generated password once. */
import { Button } from "../../components/ui/button";
import { CopyField } from "../../components/ui/copy-field";
import { Dialog, DialogClose, DialogContent } from "../../components/ui/dialog";

export type Credentials = { email: string; name: string; password: string };

export function PasswordDialog({ credentials, onClose }: { credentials: Credentials | null; onClose: () => void }) {
  return (
    <Dialog open={credentials !== null} onOpenChange={onClose}>
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
          <p className="mb-3 text-sm">
            <span className="block text-muted">E-mail</span>
            <span className="font-medium break-all">{credentials.email}</span>
          </p>
          <div className="text-sm">
            <span className="text-muted">Password</span>
            <CopyField text={credentials.password} what="the password" />
          </div>
        </DialogContent>
      )}
    </Dialog>
  );
}
