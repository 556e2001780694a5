"use client";
/** What an admin can do with one account: a new password, disable, enable. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, CircleCheck, Ellipsis, KeyRound } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import type { ListedUser } from "@/server/services/user";
import { menuContent, menuItem } from "../../components/shell/menu-styles";
import { Button } from "../../components/ui/button";
import { ConfirmDialog } from "../../components/ui/dialog";
import { useToast } from "../../components/ui/toast";
import { errorMessage, useTRPC } from "../../trpc";
import type { Credentials } from "./password-dialog";

type Props = { user: ListedUser; own: boolean; onPassword: (credentials: Credentials) => void };

export function UserActions({ user, own, onPassword }: Props) {
  const trpc = useTRPC();
  const toast = useToast();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<"reset" | "disable" | null>(null);
  const finish = {
    onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" as const }),
    onSettled: () => {
      setAsking(null);
      return queryClient.invalidateQueries(trpc.user.list.queryFilter());
    },
  };
  const reset = useMutation(
    trpc.user.resetPassword.mutationOptions({
      ...finish,
      onSuccess: ({ password }) => onPassword({ email: user.email, name: user.name, password }),
    }),
  );
  const setDisabled = useMutation(
    trpc.user.setDisabled.mutationOptions({
      ...finish,
      onSuccess: (_, { disabled }) => toast({ title: `${user.name} is ${disabled ? "disabled" : "enabled again"}` }),
    }),
  );
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button variant="ghost" size="icon" aria-label={`Actions for ${user.name}`}>
            <Ellipsis aria-hidden="true" className="size-4" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Content align="end" sideOffset={4} className={menuContent}>
          <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("reset")}>
            <KeyRound aria-hidden="true" className="size-4 text-muted" />
            New password
          </DropdownMenu.Item>
          {user.disabled ? (
            <DropdownMenu.Item className={menuItem} onSelect={() => setDisabled.mutate({ userId: user.id, disabled: false })}>
              <CircleCheck aria-hidden="true" className="size-4 text-muted" />
              Enable
            </DropdownMenu.Item>
          ) : (
            <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("disable")}>
              <Ban aria-hidden="true" className="size-4 text-muted" />
              Disable
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Root>
      <ConfirmDialog
        open={asking === "reset"}
        onOpenChange={() => setAsking(null)}
        title={`New password for ${user.name}`}
        description={`A password is made and shown once. The old one stops working and ${own ? "you are" : `${user.name} is`} signed out everywhere.`}
        confirmLabel="Make a new password"
        loading={reset.isPending}
        onConfirm={() => reset.mutate({ userId: user.id })}
      />
      <ConfirmDialog
        open={asking === "disable"}
        onOpenChange={() => setAsking(null)}
        title={`Disable ${user.name}`}
        description={`${own ? "You lose" : `${user.name} loses`} access with the next click. All judgements are kept, and the account can be enabled again.`}
        confirmLabel="Disable"
        danger
        loading={setDisabled.isPending}
        onConfirm={() => setDisabled.mutate({ userId: user.id, disabled: true })}
      />
    </>
  );
}
