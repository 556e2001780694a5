/** The votes behind one cell of the win rates. */
import { Suspense } from "react";
import { requireWork } from "@/server/session";
import { SkeletonTable } from "../../components/ui/skeleton";
import { VotesView } from "./votes-view";

export default async function VotesPage() {
  await requireWork("researcher", "/leaderboard");
  return (
    <Suspense fallback={<SkeletonTable rows={6} label="Loading the votes" />}>
      <VotesView />
    </Suspense>
  );
}
