"use client";
/** Links to the rooms: in a row on wide screens, in the browser's own pop-over on phones. */
import { Menu } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useId } from "react";
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
  const menu = useId();
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
      <Button variant="ghost" size="icon" aria-label="Rooms" popoverTarget={menu} className="sm:hidden">
        <Menu aria-hidden="true" className="size-5" />
      </Button>
      <ul id={menu} popover="auto" className={cn(menuContent, "fixed inset-auto top-13 left-3 m-0 sm:hidden")}>
        {rooms.map((room) => (
          <li key={room.href}>
            <Link
              href={room.href}
              aria-current={isCurrent(room.href) ? "page" : undefined}
              onClick={(event) => event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover()}
              className={cn(menuItem, "hover:bg-sunken", isCurrent(room.href) && "font-semibold")}
            >
              {room.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
