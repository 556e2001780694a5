/** The frame of the pages before sign-in: what Hone is on one side, the form on the other. */
import type { ReactNode } from "react";
import { LogoMark } from "./logo";

const STAGES = [
  ["Annotate", "People compare answers, blind and by keyboard."],
  ["Train", "Their votes become a reward model and a better policy."],
  ["Measure", "Every number leads back to the votes behind it."],
] as const;

export function FrontPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
      <aside className="hidden flex-col justify-between border-r bg-sunken p-12 lg:flex" aria-label="About Hone">
        <p className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
          <LogoMark className="size-7" />
          Hone
        </p>
        <div className="max-w-md">
          <p className="text-3xl leading-tight font-semibold tracking-tight text-balance">Human preferences to a better policy.</p>
          <ol className="mt-8 flex flex-col gap-5">
            {STAGES.map(([name, text], index) => (
              <li key={name} className="flex gap-4">
                <span
                  aria-hidden="true"
                  className="figures mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-full border border-control text-xs font-medium text-muted"
                >
                  {index + 1}
                </span>
                <span>
                  <span className="block font-medium">{name}</span>
                  <span className="block text-sm text-muted">{text}</span>
                </span>
              </li>
            ))}
          </ol>
        </div>
        <p className="text-sm text-muted">Your votes, models and numbers stay on this installation.</p>
      </aside>
      <main className="flex flex-col items-center justify-center px-4 py-10 sm:px-8">
        <div className="w-full max-w-sm">
          <p className="mb-8 flex items-center gap-2 font-semibold tracking-tight lg:hidden">
            <LogoMark />
            Hone
          </p>
          <h1 className="mb-5 text-xl font-semibold tracking-tight">{title}</h1>
          {children}
        </div>
      </main>
    </div>
  );
}
