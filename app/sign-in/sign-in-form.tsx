"use client";
/** E-mail address and password. */
import type { FormEvent } from "react";
import { Button } from "../components/ui/button";
import { Field, Input } from "../components/ui/field";
import { useSignIn } from "./use-sign-in";

export function SignInForm({ next, initialError }: { next: string; initialError: string | null }) {
  const { error, pending, submit } = useSignIn(next, initialError);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    void submit(String(data.get("email")), String(data.get("password")));
  }

  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4" method="post">
      {error !== null && (
        <p role="alert" className="rounded-md bg-failed-soft px-3 py-2 text-sm text-failed">
          {error}
        </p>
      )}
      <Field label="E-mail">
        <Input name="email" type="email" autoComplete="username" required />
      </Field>
      <Field label="Password">
        <Input name="password" type="password" autoComplete="current-password" required />
      </Field>
      <Button type="submit" variant="primary" size="lg" loading={pending !== null}>
        Sign in
      </Button>
    </form>
  );
}
