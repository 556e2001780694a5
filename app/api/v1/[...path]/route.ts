/** The API for programs: server/api has its routes. */
import { getDb } from "@/server/database";
import { handleApi } from "@/server/api/handle";

export const dynamic = "force-dynamic";

function handler(request: Request): Promise<Response> {
  return handleApi(getDb(), request);
}

export { handler as DELETE, handler as GET, handler as HEAD, handler as PATCH, handler as POST, handler as PUT };
