/** What people preferred, and the scores of checkpoints. */
import type { Metadata } from "next";
import { headers } from "next/headers";
import { Suspense } from "react";
import { getDb } from "@/server/database";
import { getBoardSummary, listLeaderboards } from "@/server/services/leaderboard";
import { getSessionUser } from "@/server/session";
import { roleAtLeast } from "@/domain/user";
import { SkeletonTable } from "../components/ui/skeleton";
import { LeaderboardView } from "./leaderboard-view";

/** What a link to the page shows elsewhere: of published boards only, as nobody is signed in there. */
export async function generateMetadata({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}): Promise<Metadata> {
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

export default async function LeaderboardPage() {
  const user = await getSessionUser();
  return (
    <Suspense fallback={<SkeletonTable rows={6} label="Loading the leaderboard" />}>
      <LeaderboardView researcher={user !== null && roleAtLeast(user.role, "researcher")} />
    </Suspense>
  );
}
