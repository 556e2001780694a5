"use client";
/** The signed-in person: name, role, own password, sign-out. */
import { ChevronDown, KeyRound, LogOut } from "lucide-react";
import { signOut } from "next-auth/react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import type { Role } from "@/domain/user";
import { Button } from "../ui/button";
import { ChangePasswordDialog } from "./change-password-dialog";
import { menuContent, menuItem } from "./menu-styles";

export function UserMenu({ name, role }: { name: string; role: Role }) {
  const [changing, setChanging] = useState(false);
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button variant="ghost" className="max-w-44 min-w-0" aria-label={`Account of ${name}`}>
            <span className="truncate">{name}</span>
            <ChevronDown aria-hidden="true" className="size-4 shrink-0 text-muted" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Content align="end" sideOffset={6} className={menuContent}>
          <DropdownMenu.Label className="px-3 py-2">
            <span className="block font-medium">{name}</span>
            <span className="block text-xs text-muted">Role: {role}</span>
          </DropdownMenu.Label>
          <DropdownMenu.Separator className="my-1 h-px bg-border" />
          <DropdownMenu.Item className={menuItem} onSelect={() => setChanging(true)}>
            <KeyRound aria-hidden="true" className="size-4 text-muted" />
            Change password
          </DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} onSelect={() => void signOut({ callbackUrl: "/" })}>
            <LogOut aria-hidden="true" className="size-4 text-muted" />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Root>
      <ChangePasswordDialog open={changing} onOpenChange={setChanging} />
    </>
  );
}
