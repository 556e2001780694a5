"use client";
/** The pages of a room as a row of links; `quiet` for a second row below the first. */
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { cn } from "./cn";

/** `also` are other addresses that belong to the page; so does everything below it. */
export type TabPage = { href: string; label: string; also?: readonly string[] };

/** Length of the longest address of `page` that `path` is or is below; 0 for none. */
const match = (page: TabPage, path: string): number =>
  Math.max(
    0,
    ...[page.href, ...(page.also ?? [])].filter((href) => path === href || path.startsWith(`${href}/`)).map((href) => href.length),
  );

/** The page of `pages` that `path` belongs to most closely. */
export function findCurrentPage<P extends TabPage>(pages: readonly P[], path: string): P | undefined {
  const best = Math.max(...pages.map((page) => match(page, path)));
  return best === 0 ? undefined : pages.find((page) => match(page, path) === best);
}

export function PageTabs({ label, pages, quiet = false }: { label: string; pages: readonly TabPage[]; quiet?: boolean }) {
  const path = usePathname();
  const current = findCurrentPage(pages, path);
  const link = useRef<HTMLAnchorElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another link to show
  useEffect(() => {
    link.current?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [current?.href]);
  return (
    <nav aria-label={label} className={cn("mb-5 overflow-x-auto", quiet ? "-mt-2.5" : "border-b")}>
      <ul className={cn("flex gap-1 px-0.5", quiet ? "py-0.5" : "pt-0.5")}>
        {pages.map((page) => (
          <li key={page.href}>
            <Link
              ref={page === current ? link : undefined}
              href={page.href}
              aria-current={page !== current ? undefined : path === page.href ? "page" : "true"}
              className={cn(
                "flex items-center px-3 text-sm font-medium whitespace-nowrap focus-visible:-outline-offset-2 pointer-coarse:h-11",
                quiet ? "h-8 rounded-md" : "-mb-px h-10 border-b-2",
                page !== current && "text-muted hover:text-text",
                quiet ? page === current && "bg-sunken" : page === current ? "border-accent text-text" : "border-transparent",
              )}
            >
              {page.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
