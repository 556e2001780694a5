/** Whether this web process can serve: 200 with the database answering, 503 otherwise. For load balancers and the start script. */
import { getDb } from "@/server/database";
import { checkHealth } from "@/server/services/health";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  const status = await checkHealth(getDb());
  return Response.json({ status }, { status: status === "ok" ? 200 : 503 });
}
