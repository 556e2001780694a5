/** Share of comparisons that the row won against the column; each cell leads to its votes. */
import Link from "next/link";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import type { Leaderboard } from "@/server/services/leaderboard";

export function WinRates({ board, researcher }: { board: Leaderboard; researcher: boolean }) {
  const { ranking, winRates, project } = board;
  return (
    <Table label="Win rates: the row against the column">
      <THead>
        <Tr>
          <Th>Wins of … against</Th>
          {ranking.map(({ id, name }) => (
            <Th key={id} numeric>
              {name}
            </Th>
          ))}
        </Tr>
      </THead>
      <TBody>
        {ranking.map((row) => (
          <Tr key={row.id}>
            <Td className="font-medium">{row.name}</Td>
            {ranking.map((column) => {
              const cell = winRates[row.place]?.[column.place] ?? null;
              const text = cell === null ? "–" : `${(100 * cell.share).toFixed(0)} %, n = ${cell.n}`;
              return (
                <Td key={column.id} numeric>
                  {cell !== null && researcher ? (
                    <Link
                      className="underline decoration-dotted"
                      href={`/leaderboard/votes?project=${encodeURIComponent(project.slug)}&a=${row.id}&b=${column.id}`}
                    >
                      {text}
                    </Link>
                  ) : (
                    text
                  )}
                </Td>
              );
            })}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
