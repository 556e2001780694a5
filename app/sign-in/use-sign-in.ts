"use client";
/** Signs in with a password and moves on; the page is loaded anew, so nothing of a visitor's cache stays. */
import { signIn } from "next-auth/react";
import { useState } from "react";
import { signInErrorText } from "./sign-in-error";

export function useSignIn(next: string, initialError: string | null = null) {
  const [error, setError] = useState(initialError);
  /** The e-mail address that is being signed in. */
  const [pending, setPending] = useState<string | null>(null);

  async function submit(email: string, password: string): Promise<void> {
    setPending(email);
    setError(null);
    try {
      const answer = await signIn("credentials", { email, password, redirect: false });
      if (answer?.ok === true && !answer.error) {
        window.location.assign(next);
        return;
      }
      setError(signInErrorText(answer?.error ?? ""));
    } catch {
      setError("The server could not be reached. Check the connection and try again.");
    }
    setPending(null);
  }

  return { error, pending, submit };
}
