"use client";
/** What a judge found: win rate in both orders, how far its sides sway it, and whether it agrees with the votes of people. */
import { useQuery } from "@tanstack/react-query";
import { Scale } from "lucide-react";
import { useEffect } from "react";
import type { Share } from "@/domain/judge";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { SimulatedBadge } from "../../components/ui/badge";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { Interval } from "../../components/ui/interval";
import { Skeleton } from "../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { errorMessage, useTRPC } from "../../trpc";
import type { RunDetail } from "./results-tab";

/** Above this many flips in a hundred, verdicts say more of the order than of the answers. */
const MANY_FLIPS = 0.2;

function ShareText({ share, none }: { share: Pick<Share, "value" | "low" | "high" | "n"> | null; none: string }) {
  return share === null ? (
    <span className="text-muted">{none}</span>
  ) : (
    <Interval percent value={share.value} low={share.low} high={share.high} n={share.n} />
  );
}

export function JudgeCard({ run }: { run: RunDetail }) {
  const trpc = useTRPC();
  const report = useQuery(trpc.run.judgeReport.queryOptions({ id: run.id }));
  const { refetch } = report;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another state has another report
  useEffect(() => {
    void refetch();
  }, [run.state, refetch]);
  if (report.isPending) return <Skeleton className="h-64" />;
  if (report.data === undefined) return <ErrorState message={errorMessage(report.error)} onRetry={() => void refetch()} />;
  const { first, second, open, counts, judge, atEqualLength, flips, firstShownWins, people, simulated } = report.data;
  if (judge === null) {
    return (
      <Card>
        <EmptyState icon={<Scale aria-hidden="true" />} title="No verdict yet">
          A pair counts once the judge has seen it in both orders.
        </EmptyState>
      </Card>
    );
  }
  const voters = [
    { who: "People", simulated: false, report: people },
    { who: "Simulated annotators", simulated: true, report: simulated },
  ];
  return (
    <>
      <Card>
        <CardHeader
          title={`How often ${first} beats ${second}`}
          description="Ties count half. A judge's verdicts are kept apart: they enter no ranking, no data set and no count of votes."
        />
        <Table label="Win rates">
          <THead>
            <Tr>
              <Th>By</Th>
              <Th numeric>Win rate</Th>
              <Th numeric>Votes</Th>
              <Th numeric>Judge agrees</Th>
              <Th numeric>They agree among themselves</Th>
            </Tr>
          </THead>
          <TBody>
            {[
              { who: "Judge", rate: judge },
              { who: "Judge, at equal length", rate: atEqualLength },
            ].map(({ who, rate }) => (
              <Tr key={who}>
                <Td className="min-w-40 font-medium">{who}</Td>
                <Td numeric>
                  <ShareText share={rate} none="all went one way" />
                </Td>
                {["votes", "agrees", "among"].map((column) => (
                  <Td key={column} numeric className="text-muted">
                    –
                  </Td>
                ))}
              </Tr>
            ))}
            {voters.map(({ who, simulated: bot, report: group }) =>
              group === null ? null : (
                <Tr key={who}>
                  <Td className="whitespace-nowrap">{bot ? <SimulatedBadge /> : <span className="font-medium">{who}</span>}</Td>
                  <Td numeric>
                    <ShareText share={group.winRate} none="–" />
                  </Td>
                  <Td numeric>{group.votes.toLocaleString("en")}</Td>
                  <Td numeric>
                    <ShareText share={group.judgeAgrees} none="no strict pair" />
                  </Td>
                  <Td numeric>
                    <ShareText share={group.amongThem} none="no pair judged twice" />
                  </Td>
                </Tr>
              ),
            )}
          </TBody>
        </Table>
        {people === null && (
          <p className="border-t px-4 py-3 text-sm text-muted">
            No person has voted on these pairs, so nobody knows whether the judge is right. Make items of the two models, let people vote,
            then run a judge over &ldquo;pairs that people have voted on&rdquo;.
          </p>
        )}
      </Card>
      <Card>
        <CardHeader
          title="Both orders"
          description="Each pair is asked about twice with the sides swapped. A side wins only where it wins both times; all else is a tie."
        />
        <CardBody>
          <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2 lg:grid-cols-4">
            <div>
              <dt className="text-xs text-muted">Verdicts</dt>
              <dd className="figures text-sm">
                {counts.first} {first}, {counts.second} {second}, {counts.tie} {counts.tie === 1 ? "tie" : "ties"}
              </dd>
            </div>
            <div>
              <dt className="text-xs text-muted">Flips with the order</dt>
              <dd className="text-sm">
                <ShareText share={flips} none="–" />
              </dd>
            </div>
            <div>
              <dt className="text-xs text-muted">Of these, to the answer shown first</dt>
              <dd className="text-sm">
                <ShareText share={firstShownWins} none="no flips" />
              </dd>
            </div>
            <div>
              <dt className="text-xs text-muted">Pairs without both verdicts</dt>
              <dd className="figures text-sm">{open}</dd>
            </div>
          </dl>
          {flips !== null && flips.low > MANY_FLIPS && (
            <p className="mt-3 text-sm text-flagged">
              The order decides many of this judge&apos;s verdicts: its ties say little, and another model or clearer guidelines may judge
              better.
            </p>
          )}
        </CardBody>
      </Card>
    </>
  );
}
