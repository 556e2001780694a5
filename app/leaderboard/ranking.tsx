/** Models by Bradley-Terry score with intervals; neighbours whose intervals overlap look like it. */
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import type { Leaderboard } from "@/server/services/leaderboard";

type Row = Leaderboard["ranking"][number];

export function Ranking({ rows }: { rows: Row[] }) {
  const scored = rows.filter((row) => row.score !== undefined);
  const low = Math.min(...scored.map((row) => row.low ?? 0));
  const high = Math.max(...scored.map((row) => row.high ?? 0));
  const at = (score: number) => `${(100 * (score - low)) / Math.max(1, high - low)}%`;
  const best = scored[0];
  return (
    <Table label="Ranking by votes">
      <THead>
        <Tr><Th numeric>Rank</Th><Th>Model</Th><Th numeric>Score</Th><Th>95 % interval</Th><Th numeric>First</Th><Th numeric>Judged</Th><Th numeric>Both bad</Th></Tr>
      </THead>
      <TBody>
        {scored.map((row) => {
          const apart = best !== undefined && (row === best || (row.high ?? 0) < (best.low ?? 0));
          return (
            <Tr key={row.id}>
              <Td numeric>{row.rankLow === row.rankHigh ? row.rank : `${row.rank} (${row.rankLow}–${row.rankHigh})`}</Td>
              <Td className="font-medium">{row.name}{!apart && <span className="ml-2 text-xs font-normal text-muted">not told apart from the first</span>}</Td>
              <Td numeric className={apart ? "" : "text-muted"}>{row.score?.toFixed(0)}</Td>
              <Td>
                <span className="flex items-center gap-2 whitespace-nowrap">
                  <span aria-hidden="true" className="relative hidden h-3 w-32 rounded bg-sunken sm:block">
                    <span className="absolute inset-y-1 rounded bg-accent/40" style={{ left: at(row.low ?? 0), right: `calc(100% - ${at(row.high ?? 0)})` }} />
                    <span className="absolute inset-y-0 w-0.5 bg-accent" style={{ left: at(row.score ?? 0) }} />
                  </span>
                  <span className="tabular-nums">{row.low?.toFixed(0)} to {row.high?.toFixed(0)}</span>
                </span>
              </Td>
              <Td numeric>{(100 * (row.first ?? 0)).toFixed(0)} %</Td>
              <Td numeric>{row.judged}</Td>
              <Td numeric>{row.judged === 0 ? "–" : `${((100 * row.bothBad) / row.judged).toFixed(1)} %`}</Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}
