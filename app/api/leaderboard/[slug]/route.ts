/** Download of a board as it is filtered: ?format=csv | json | votes, with the filters of its address. For everybody where it is published. */
import { z } from "zod";
import { boardSchema } from "@/domain/board";
import { writeRows } from "@/server/files/write-rows";
import { handleAs, parseParameters, streamBytes } from "@/server/http";
import { exportBoard, exportRanking, exportVotes } from "@/server/services/leaderboard-export";
import { requireBoard } from "@/server/services/leaderboard";

const parametersSchema = boardSchema
  .omit({ slug: true })
  .extend({ format: z.enum(["csv", "json", "votes"]), difference: z.coerce.number().min(1).max(1000).default(30) });

const TYPES = { csv: ["text/csv", "csv"], json: ["application/json", "json"], votes: ["application/x-ndjson", "votes.jsonl"] } as const;

export function GET(request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return handleAs(null, async (ctx) => {
    const { slug } = await params;
    const { format, ...filter } = parseParameters(parametersSchema, request);
    const input = { slug, ...filter };
    const project = await requireBoard(ctx, slug);
    const body =
      format === "csv"
        ? await exportRanking(ctx, input)
        : format === "json"
          ? JSON.stringify(await exportBoard(ctx, input), null, 2)
          : streamBytes(writeRows(exportVotes(ctx, input), "jsonl", null));
    const [type, ending] = TYPES[format];
    const name = `${project.slug.replaceAll(/[^a-zA-Z0-9._-]/g, "-")}-leaderboard.${ending}`;
    return new Response(body, {
      headers: {
        "content-type": `${type}; charset=utf-8`,
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "private, no-store",
      },
    });
  });
}
