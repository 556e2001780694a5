/** The description of the API, for everybody. */
import { describeApi } from "@/server/api/openapi";
import { env } from "@/server/env";

export const dynamic = "force-dynamic";

export function GET(): Response {
  return Response.json(describeApi(env().auth.url));
}
