"use client";
/** Ends the session in this browser. */
import { signOut } from "next-auth/react";
import { useState } from "react";
import { Button } from "../components/ui/button";

export function SignOutButton() {
  const [pending, setPending] = useState(false);
  return (
    <Button
      variant="primary"
      size="lg"
      loading={pending}
      onClick={() => {
        setPending(true);
        void signOut({ callbackUrl: "/" }).catch(() => setPending(false));
      }}
    >
      Sign out
    </Button>
  );
}
