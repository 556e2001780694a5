/** The board that the address asks for, and a way to ask for another. */
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import type { AskedBoard, FilterName } from "./board-address";

/** `asked` is what the server read in the address: a change of it comes with the page's next answer. */
export function useBoardAddress({ slug, said, board, difference }: AskedBoard) {
  const router = useRouter();
  const here = usePathname();
  const search = useSearchParams();
  return {
    slug,
    board,
    difference,
    /** As parameters of a download. */
    query: new URLSearchParams({ ...said, difference: String(difference) }).toString(),
    pictureQuery: new URLSearchParams(said).toString(),
    methodQuery: new URLSearchParams({ ...(slug === "" ? {} : { project: slug }), ...said }).toString(),
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
