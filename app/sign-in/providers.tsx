"use client";
/** Sign-in through configured providers. */
import { signIn } from "next-auth/react";
import { useState } from "react";
import type { SignInMethod } from "@/server/sign-in-methods";
import { Button } from "../components/ui/button";

export function Providers({ methods, next }: { methods: readonly SignInMethod[]; next: string }) {
  const [pending, setPending] = useState<string | null>(null);
  return (
    <section aria-label="Other ways to sign in" className="mt-6 flex flex-col gap-2 border-t pt-6">
      {methods.map((method) => (
        <Button
          key={method.id}
          size="lg"
          loading={pending === method.id}
          disabled={pending !== null}
          onClick={() => {
            setPending(method.id);
            void signIn(method.id, { callbackUrl: next }).catch(() => setPending(null));
          }}
        >
          Continue with {method.name}
        </Button>
      ))}
    </section>
  );
}
