/** What people preferred, and the scores of checkpoints. */
import { Suspense } from "react";
import { getSessionUser } from "@/server/session";
import { roleAtLeast } from "@/domain/user";
import { SkeletonTable } from "../components/ui/skeleton";
import { LeaderboardView } from "./leaderboard-view";

export default async function LeaderboardPage() {
  const user = await getSessionUser();
  return (
    <Suspense fallback={<SkeletonTable rows={6} label="Loading the leaderboard" />}>
      <LeaderboardView researcher={user !== null && roleAtLeast(user.role, "researcher")} />
    </Suspense>
  );
}
