/** What the address of the leaderboard asks for. Read on the server, so that no browser loads the schema. */
import { boardSchema } from "@/domain/board";

const NAMES = ["votes", "category", "style", "weights", "baseline", "until"] as const;
export type FilterName = (typeof NAMES)[number] | "project" | "difference";

/** `slug` is the address's project, else `first`. What the address says wrongly counts as not said. */
export function readBoardAddress(read: (name: string) => string | null, first: string) {
  const said = Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = read(name);
      return value !== null && boardSchema.shape[name].safeParse(value).success ? [[name, value]] : [];
    }),
  );
  const asked = Number(read("difference"));
  return {
    slug: read("project") ?? first,
    said,
    board: boardSchema.omit({ slug: true }).parse(said),
    difference: asked >= 1 && asked <= 1000 ? asked : 30,
  };
}

export type AskedBoard = ReturnType<typeof readBoardAddress>;
