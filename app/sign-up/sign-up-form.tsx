"use client";
/** Name, e-mail address and password of a new account. */
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { MIN_PASSWORD_LENGTH } from "@/domain/user";
import { Button } from "../components/ui/button";
import { Field, Input } from "../components/ui/field";
import { errorMessage, fieldError, useTRPC } from "../trpc";

export function SignUpForm() {
  const trpc = useTRPC();
  const router = useRouter();
  const signUp = useMutation(trpc.user.signUp.mutationOptions({ onSuccess: () => router.push("/sign-in?created=1") }));
  const fields = {
    name: fieldError(signUp.error, "name"),
    email: fieldError(signUp.error, "email"),
    password: fieldError(signUp.error, "password"),
  };
  const general = signUp.isError && Object.values(fields).every((x) => x === null);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    signUp.mutate({
      name: String(data.get("name")),
      email: String(data.get("email")),
      password: String(data.get("password")),
    });
  }

  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4" noValidate method="post">
      {general && (
        <p role="alert" className="rounded-md bg-failed-soft px-3 py-2 text-sm text-failed">
          {errorMessage(signUp.error)}
        </p>
      )}
      <Field label="Name" hint="Shown to researchers beside your votes" error={fields.name}>
        <Input name="name" autoComplete="name" required />
      </Field>
      <Field label="E-mail" error={fields.email}>
        <Input name="email" type="email" autoComplete="username" required />
      </Field>
      <Field label="Password" hint={`At least ${MIN_PASSWORD_LENGTH} characters`} error={fields.password}>
        <Input name="password" type="password" autoComplete="new-password" required />
      </Field>
      <Button type="submit" variant="primary" size="lg" loading={signUp.isPending || signUp.isSuccess}>
        Create account
      </Button>
    </form>
  );
}
