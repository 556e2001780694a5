/** What people preferred, and the scores of checkpoints. */
import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import type { Metadata } from "next";
import { headers } from "next/headers";
import { getDb } from "@/server/database";
import { appRouter } from "@/server/root";
import { getBoardSummary, listLeaderboards } from "@/server/services/leaderboard";
import { createContext } from "@/server/session";
import { readBoardAddress } from "./board-address";
import { LeaderboardView } from "./leaderboard-view";

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** What a link to the page shows elsewhere: of published boards only, as nobody is signed in there. */
export async function generateMetadata({ searchParams }: { searchParams: SearchParams }): Promise<Metadata> {
  const ctx = { db: getDb(), user: null };
  const { project } = await searchParams;
  const published = await listLeaderboards(ctx);
  const asked = published.find(({ slug }) => slug === project) ?? (project === undefined ? published[0] : undefined);
  if (asked === undefined) return {};
  const { name, note, rows } = await getBoardSummary(ctx, { slug: asked.slug, votes: "people", weights: "served" });
  const known = await headers();
  const host = known.get("x-forwarded-host") ?? known.get("host") ?? "localhost";
  const origin = `${known.get("x-forwarded-proto") ?? "http"}://${host}`;
  const title = `${name}: leaderboard`;
  const description =
    rows.length === 0
      ? note
      : `${rows
          .slice(0, 3)
          .map((row) => `${row.name} ${row.score.toFixed(0)}`)
          .join(", ")}; ${note}`;
  return {
    title,
    description,
    openGraph: {
      title,
      description,
      images: [{ url: `${origin}/api/leaderboard/${encodeURIComponent(asked.slug)}/preview`, width: 1200, height: 630 }],
    },
    twitter: { card: "summary_large_image" },
  };
}

/** The board is part of the page's first answer: the browser has nothing to ask for before it shows one. */
export default async function LeaderboardPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await searchParams;
  const queries = new QueryClient();
  const trpc = createTRPCOptionsProxy({ ctx: createContext, queryClient: queries, router: appRouter });
  // A failure is the view's to tell: it asks once more.
  const projects = await queries.fetchQuery(trpc.leaderboard.projects.queryOptions()).catch(() => []);
  const asked = readBoardAddress((name) => [search[name] ?? null].flat()[0] ?? null, projects[0]?.slug ?? "");
  const { slug, board } = asked;
  if (slug !== "") await queries.prefetchQuery({ ...trpc.leaderboard.get.queryOptions({ slug, ...board }), retry: false });
  return (
    <HydrationBoundary state={dehydrate(queries)}>
      <LeaderboardView asked={asked} />
    </HydrationBoundary>
  );
}
