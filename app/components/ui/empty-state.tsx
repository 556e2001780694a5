/** What a list shows when it has nothing, or could not be read: what it is, and what to do next. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button";

export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      {icon !== undefined && <div className="text-muted [&_svg]:size-7">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-[60ch] text-sm text-muted">{children}</div>}
      {action !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** `message` is what the server said; `onRetry` asks again. */
export function ErrorState({
  title = "This could not be loaded",
  message,
  onRetry,
}: {
  title?: string;
  message: string;
  onRetry?: () => void;
}) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <CircleAlert aria-hidden="true" className="size-7 text-failed" />
      <p className="font-medium">{title}</p>
      <p className="max-w-[60ch] text-sm text-muted">{message}</p>
      {onRetry !== undefined && (
        <Button className="mt-2" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
