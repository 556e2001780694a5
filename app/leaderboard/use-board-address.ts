/** The board that the address asks for, and a way to ask for another. */
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { boardSchema } from "@/domain/board";

const NAMES = ["votes", "category", "style", "weights", "baseline", "until"] as const;
export type FilterName = (typeof NAMES)[number] | "project" | "difference";

/** `slug` is the address's project, else `first`. What the address says wrongly counts as not said. */
export function useBoardAddress(first: string) {
  const router = useRouter();
  const here = usePathname();
  const search = useSearchParams();
  const slug = search.get("project") ?? first;
  const said = Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = search.get(name);
      return value !== null && boardSchema.shape[name].safeParse(value).success ? [[name, value]] : [];
    }),
  );
  const board = boardSchema.omit({ slug: true }).parse(said);
  const asked = Number(search.get("difference"));
  const difference = asked >= 1 && asked <= 1000 ? asked : 30;
  return {
    slug,
    board,
    difference,
    /** As parameters of a download. */
    query: new URLSearchParams({ ...said, difference: String(difference) }).toString(),
    pictureQuery: new URLSearchParams(said).toString(),
    /** null takes a filter away. Another project begins without filters. */
    choose: (name: FilterName, value: string | null) => {
      const next = new URLSearchParams(name === "project" ? undefined : search);
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
      router.replace(`${here}?${next}`, { scroll: false });
    },
  };
}

export type BoardAddress = ReturnType<typeof useBoardAddress>;
