/** Whether this web process can serve: 200 with the database answering, 503 otherwise. For load balancers and the start script. */
import { sql } from "drizzle-orm";
import { getDb } from "@/server/database";
import { shutdownSignal } from "@/server/shutdown";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  if (shutdownSignal().aborted) return Response.json({ status: "stopping" }, { status: 503 });
  try {
    await getDb().execute(sql`select 1`);
    return Response.json({ status: "ok" });
  } catch (error) {
    console.error("health:", error);
    return Response.json({ status: "database unavailable" }, { status: 503 });
  }
}
