/** The address without a path: sends everybody to the room where they start. */
import { redirect } from "next/navigation";
import { getDb } from "@/server/database";
import { hasPublishedLeaderboard } from "@/server/services/front-door";
import { getSessionUser } from "@/server/session";
import { homeFor } from "./components/shell/rooms";

export default async function HomePage(): Promise<never> {
  const user = await getSessionUser();
  if (user === null && !(await hasPublishedLeaderboard(getDb()))) redirect("/sign-in");
  redirect(homeFor(user?.role ?? null));
}
