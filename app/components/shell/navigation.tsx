"use client";
/** Links to the rooms: in a row on wide screens, in a menu on phones. */
import { Menu } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { DropdownMenu } from "radix-ui";
import { Button } from "../ui/button";
import { cn } from "../ui/cn";
import { menuContent, menuItem } from "./menu-styles";
import type { Room } from "./rooms";

function useIsCurrent(): (href: string) => boolean {
  const path = usePathname();
  return (href) => path === href || path.startsWith(`${href}/`);
}

export function Navigation({ rooms }: { rooms: readonly Room[] }) {
  const isCurrent = useIsCurrent();
  return (
    <nav aria-label="Rooms">
      <ul className="hidden items-center gap-1 sm:flex">
        {rooms.map((room) => (
          <li key={room.href}>
            <Link
              href={room.href}
              aria-current={isCurrent(room.href) ? "page" : undefined}
              className={cn(
                "inline-flex h-9 items-center rounded-md px-3 text-sm font-medium hover:bg-sunken pointer-coarse:h-11",
                isCurrent(room.href) ? "bg-sunken text-text" : "text-muted hover:text-text",
              )}
            >
              {room.label}
            </Link>
          </li>
        ))}
      </ul>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button variant="ghost" size="icon" aria-label="Rooms" className="sm:hidden">
            <Menu aria-hidden="true" className="size-5" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Content align="start" sideOffset={6} className={menuContent}>
          {rooms.map((room) => (
            <DropdownMenu.Item key={room.href} asChild>
              <Link
                href={room.href}
                aria-current={isCurrent(room.href) ? "page" : undefined}
                className={cn(menuItem, isCurrent(room.href) && "font-semibold")}
              >
                {room.label}
              </Link>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Root>
    </nav>
  );
}
