/** Code to read and to copy; it scrolls sideways by keyboard too. */
import { CopyButton } from "./copy-button";

export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <figure className="my-3 overflow-hidden rounded-lg border">
      <figcaption className="flex items-center justify-between gap-2 border-b bg-sunken py-1 pr-1 pl-3 text-xs font-medium text-muted">
        {label}
        <CopyButton text={code} label={`Copy the ${label} example`} size="sm" variant="ghost" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="overflow-x-auto bg-surface p-3 text-xs leading-relaxed focus-visible:-outline-offset-2">
        <code>{code}</code>
      </pre>
    </figure>
  );
}
