/** From page to page of a long list. */
import { Button } from "./button";
import { cn } from "./cn";

type Props = { page: number; pages: number; onPage: (page: number) => void; className?: string };

export function Pages({ page, pages, onPage, className }: Props) {
  return (
    <nav aria-label="Pages" className={cn("flex items-center justify-end gap-2 text-sm", className)}>
      <Button size="sm" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <span className="figures text-muted">
        Page {page} of {pages}
      </span>
      <Button size="sm" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next
      </Button>
    </nav>
  );
}
