/** The board as an SVG picture to embed, with the filters of its address. */
import { boardSchema } from "@/domain/board";
import { drawBoard } from "@/domain/board-picture";
import { handleAs, parseParameters } from "@/server/http";
import { getBoardSummary } from "@/server/services/leaderboard";

const MINUTES = 5;

export function GET(request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return handleAs(null, async (ctx) => {
    const { name, published, note, rows } = await getBoardSummary(ctx, {
      slug: (await params).slug,
      ...parseParameters(boardSchema.omit({ slug: true }), request),
    });
    const cache = published ? `public, max-age=${MINUTES * 60}` : "private, no-store";
    return new Response(drawBoard(name, note, rows), {
      headers: { "content-type": "image/svg+xml; charset=utf-8", "cache-control": cache },
    });
  });
}
