"use client";
/** The pages of the admin room. */
import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "../components/ui/cn";

const PAGES = [
  { href: "/admin/users", label: "Users" },
  { href: "/admin/workers", label: "Workers" },
  { href: "/admin/sign-in-methods", label: "Sign-in methods" },
  { href: "/admin/log", label: "Log" },
] as const;

export function AdminNavigation() {
  const path = usePathname();
  return (
    <nav aria-label="Admin" className="mb-6 overflow-x-auto border-b">
      <ul className="flex gap-1 px-0.5 pt-0.5">
        {PAGES.map(({ href, label }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={path === href ? "page" : undefined}
              className={cn(
                "-mb-px flex h-10 items-center border-b-2 px-3 text-sm font-medium whitespace-nowrap focus-visible:-outline-offset-2 pointer-coarse:h-11",
                path === href ? "border-accent text-text" : "border-transparent text-muted hover:text-text",
              )}
            >
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
