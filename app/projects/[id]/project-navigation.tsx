"use client";
/** The pages of a project. */
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { cn } from "../../components/ui/cn";

const PAGES = [
  { path: "", label: "Overview" },
  { path: "/data", label: "Data" },
  { path: "/import", label: "Import and export" },
  { path: "/guidelines", label: "Guidelines" },
  { path: "/quality", label: "Quality" },
  { path: "/datasets", label: "Datasets" },
  { path: "/settings", label: "Settings" },
] as const;

export function ProjectNavigation({ id }: { id: string }) {
  const here = usePathname().slice(`/projects/${id}`.length);
  // The page of one prompt belongs to the data.
  const section = here.startsWith("/prompts")
    ? "/data"
    : here.startsWith("/datasets")
      ? "/datasets"
      : here.startsWith("/quality")
        ? "/quality"
        : here;
  const current = useRef<HTMLAnchorElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another link to show
  useEffect(() => {
    current.current?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [section]);
  return (
    <nav aria-label="Project" className="mb-5 overflow-x-auto border-b">
      <ul className="flex gap-1 px-0.5 pt-0.5">
        {PAGES.map(({ path, label }) => (
          <li key={path}>
            <Link
              ref={section === path ? current : undefined}
              href={`/projects/${id}${path}`}
              aria-current={section === path ? (here === path ? "page" : "true") : undefined}
              className={cn(
                "-mb-px flex h-10 items-center border-b-2 px-3 text-sm font-medium whitespace-nowrap focus-visible:-outline-offset-2 pointer-coarse:h-11",
                section === path ? "border-accent text-text" : "border-transparent text-muted hover:text-text",
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
