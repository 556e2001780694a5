/** Download of a checkpoint's files as a tar archive, streamed: the folder that other tools read. */
import { z } from "zod";
import { AppError } from "@/server/errors";
import { handleAs, streamBytes } from "@/server/http";
import { archiveCheckpoint } from "@/server/services/checkpoint-archive";

export function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  return handleAs("annotator", async (ctx) => {
    const id = z.uuid().safeParse((await params).id);
    if (!id.success) throw new AppError("NOT_FOUND", "There is no such checkpoint");
    const { name, chunks } = await archiveCheckpoint(ctx, id.data);
    return new Response(streamBytes(chunks), {
      headers: {
        "content-type": "application/x-tar",
        "content-disposition": `attachment; filename="${name}.tar"`,
        "cache-control": "private, no-store",
      },
    });
  });
}
