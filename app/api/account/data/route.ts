/** Download of everything stored about the signed-in person. */
import { handleAs, streamStarted } from "@/server/http";
import { exportOwnData } from "@/server/services/person";

export function GET(): Promise<Response> {
  return handleAs("annotator", async (ctx) => {
    const body = await streamStarted(exportOwnData(ctx));
    return new Response(body, {
      headers: {
        "content-type": "application/json",
        "content-disposition": 'attachment; filename="hone-my-data.json"',
        "cache-control": "private, no-store",
      },
    });
  });
}
