/** No such page. */
import Link from "next/link";
import { Logo } from "./components/shell/logo";
import { Button } from "./components/ui/button";

export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-3 px-6 text-center">
      <Logo />
      <h1 className="mt-4 text-xl font-semibold tracking-tight">There is no such page</h1>
      <p className="max-w-[60ch] text-sm text-muted">
        The address may be mistyped, or what was here has been removed. Nothing else was changed.
      </p>
      <Button asChild variant="primary" className="mt-2">
        <Link href="/">To the start page</Link>
      </Button>
    </main>
  );
}
