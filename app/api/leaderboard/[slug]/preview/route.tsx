/** What other sites show of a link to the board: the leading models, as PNG. */
import { ImageResponse } from "next/og";
import { handleAs } from "@/server/http";
import { getBoardSummary } from "@/server/services/leaderboard";

const SHOWN = 5;

export function GET(_request: Request, { params }: { params: Promise<{ slug: string }> }): Promise<Response> {
  return handleAs(null, async (ctx) => {
    const { name, note, rows } = await getBoardSummary(ctx, { slug: (await params).slug, votes: "people", weights: "served" });
    return new ImageResponse(
      <div
        style={{
          display: "flex",
          flexDirection: "column",
          width: "100%",
          height: "100%",
          padding: 64,
          background: "#ffffff",
          color: "#1f2430",
          fontSize: 36,
        }}
      >
        <div style={{ display: "flex", fontSize: 52, marginBottom: 8 }}>{name}</div>
        <div style={{ display: "flex", fontSize: 28, color: "#5b6170", marginBottom: 32 }}>{note}</div>
        {rows.slice(0, SHOWN).map((row) => (
          <div
            key={row.name}
            style={{ display: "flex", justifyContent: "space-between", padding: "10px 0", borderBottom: "1px solid #dfe2ea" }}
          >
            <div
              style={{ display: "flex" }}
            >{`${row.rankLow === row.rankHigh ? row.rankLow : `${row.rankLow}-${row.rankHigh}`}   ${row.name}`}</div>
            <div style={{ display: "flex" }}>{`${row.score.toFixed(0)} [${row.low.toFixed(0)}, ${row.high.toFixed(0)}]`}</div>
          </div>
        ))}
      </div>,
      { width: 1200, height: 630, headers: { "cache-control": "public, max-age=300" } },
    );
  });
}
