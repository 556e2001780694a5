/** The mark (an edge drawn over a stone) and the name. */
export function LogoMark({ className = "size-6" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path d="M7 21.5h18" className="stroke-on-accent" strokeWidth="3" strokeLinecap="round" opacity="0.55" />
      <path d="M9 17.5 23 8.5" className="stroke-on-accent" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

export function Logo() {
  return (
    <span className="flex items-center gap-2 text-[15px] font-semibold tracking-tight">
      <LogoMark />
      Hone
    </span>
  );
}
