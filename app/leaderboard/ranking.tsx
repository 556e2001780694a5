"use client";
/** Models by Bradley-Terry score with intervals of score and rank; a row opens to what the model stands on. */
import { ChevronRight } from "lucide-react";
import { Fragment, useState } from "react";
import type { Leaderboard } from "@/server/services/leaderboard";
import { cn } from "../components/ui/cn";
import { formatInterval } from "../components/ui/interval";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import { ModelLineage } from "./model-lineage";

type Row = Leaderboard["ranking"][number];

const share = (value: number) =>
  value > 0 && value < 0.005 ? "< 1 %" : value > 0.995 && value < 1 ? "> 99 %" : `${(100 * value).toFixed(0)} %`;

export function Ranking({ rows, groups, slug, baseline }: { rows: Row[]; groups: number; slug: string; baseline: string | undefined }) {
  const [open, setOpen] = useState<string | null>(null);
  const scored = rows.filter((row) => row.score !== undefined);
  const low = Math.min(...scored.map((row) => row.low ?? 0));
  const high = Math.max(...scored.map((row) => row.high ?? 0));
  const at = (score: number) => `${(100 * (score - low)) / Math.max(1, high - low)}%`;
  const against = rows.find(({ id }) => id === baseline)?.name;
  const columns = 7 + (groups > 1 ? 1 : 0) + (against === undefined ? 0 : 1);
  return (
    <div className="@container rounded-[inherit]">
      <Table label="Ranking by votes">
        <THead>
          <Tr>
            {groups > 1 && <Th numeric>Group</Th>}
            <Th numeric>Rank</Th>
            <Th>Model</Th>
            <Th numeric>Score</Th>
            <Th>95 % interval</Th>
            <Th numeric>P(best)</Th>
            {against !== undefined && <Th numeric>Wins against {against}</Th>}
            <Th numeric>Judged</Th>
            <Th numeric>Both bad</Th>
          </Tr>
        </THead>
        <TBody>
          {scored.map((row) => {
            const mayLead = row.rank !== 1 && row.rankLow === 1;
            return (
              <Fragment key={row.id}>
                <Tr>
                  {groups > 1 && <Td numeric>{(row.group ?? 0) + 1}</Td>}
                  <Td numeric>{row.rankLow === row.rankHigh ? row.rank : `${row.rank} (${row.rankLow}–${row.rankHigh})`}</Td>
                  <Td className="font-medium">
                    <button
                      type="button"
                      aria-expanded={open === row.id}
                      onClick={() => setOpen(open === row.id ? null : row.id)}
                      className="inline-flex items-center gap-1 rounded text-left hover:underline"
                    >
                      <ChevronRight aria-hidden="true" className={cn("size-4 shrink-0 text-muted", open === row.id && "rotate-90")} />
                      {row.name}
                    </button>
                    {mayLead && (
                      <span className="block pl-5 text-xs font-normal text-muted sm:ml-2 sm:inline sm:pl-0">may be the first</span>
                    )}
                  </Td>
                  <Td numeric className={mayLead ? "text-muted" : ""}>
                    {row.score?.toFixed(0)}
                  </Td>
                  <Td>
                    <span className="flex items-center gap-2 whitespace-nowrap">
                      <span aria-hidden="true" className="relative hidden h-3 w-32 rounded bg-sunken sm:block">
                        <span
                          className="absolute inset-y-1 rounded bg-accent/40"
                          style={{ left: at(row.low ?? 0), right: `calc(100% - ${at(row.high ?? 0)})` }}
                        />
                        <span className="absolute inset-y-0 w-0.5 bg-accent" style={{ left: at(row.score ?? 0) }} />
                      </span>
                      <span className="tabular-nums">
                        {row.low?.toFixed(0)} to {row.high?.toFixed(0)}
                      </span>
                      {row.open === "above" && <span className="text-xs text-muted">never lost</span>}
                      {row.open === "below" && <span className="text-xs text-muted">never won</span>}
                    </span>
                  </Td>
                  <Td numeric>{share(row.first ?? 0)}</Td>
                  {against !== undefined && (
                    <Td
                      numeric
                      className={row.against !== null && row.against.low <= 0.5 && row.against.high >= 0.5 ? "text-muted italic" : ""}
                    >
                      {row.against === null ? "–" : formatInterval({ ...row.against, percent: true })}
                    </Td>
                  )}
                  <Td numeric>{row.judged}</Td>
                  <Td numeric>{row.judged === 0 ? "–" : `${((100 * row.bothBad) / row.judged).toFixed(1)} %`}</Td>
                </Tr>
                {open === row.id && (
                  <Tr>
                    <td colSpan={columns} className="p-4">
                      {/* As wide as the table's frame: a graph must not stretch the columns. */}
                      <div className="sticky left-4 w-[calc(100cqi-2rem)]">
                        <ModelLineage slug={slug} modelId={row.id} name={row.name} />
                      </div>
                    </td>
                  </Tr>
                )}
              </Fragment>
            );
          })}
        </TBody>
      </Table>
    </div>
  );
}
