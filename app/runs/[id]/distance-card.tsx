"use client";
/** Reward of a PPO run against its distance from the reference: the over-optimisation curve. */
import { useQuery } from "@tanstack/react-query";
import {
  CartesianGrid,
  ComposedChart,
  ErrorBar,
  Line,
  ResponsiveContainer,
  Scatter,
  Tooltip as ChartTooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { DistancePoint } from "@/domain/over-optimisation";
import { formatNumber } from "@/domain/run-format";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { formatInterval } from "../../components/ui/interval";
import { useTRPC } from "../../trpc";

const TICK = { fontSize: 11, fill: "var(--muted)" };

type Row = DistancePoint & { goldValue: number | null; goldError: [number, number] | null };

function PointValues({ row }: { row: Row | undefined }) {
  if (row === undefined) return null;
  return (
    <div className="figures rounded-md border bg-surface px-2 py-1 text-xs shadow-raised">
      <div className="text-muted">
        step {row.step}, KL {row.kl.toFixed(2)}
      </div>
      {row.reward !== null && <div>reward {row.reward.toFixed(3)}</div>}
      {row.gold !== null && <div>gold {formatInterval({ ...row.gold, digits: 3 })}</div>}
    </div>
  );
}

export function DistanceCard({ runId, running }: { runId: string; running: boolean }) {
  const trpc = useTRPC();
  const points = useQuery({ ...trpc.run.rewardByDistance.queryOptions({ id: runId }), refetchInterval: running ? 10_000 : false });
  if (points.data === undefined || points.data.length < 2) return null;
  const rows: Row[] = points.data.map((point) => ({
    ...point,
    goldValue: point.gold?.value ?? null,
    goldError: point.gold === null ? null : [point.gold.value - point.gold.low, point.gold.high - point.gold.value],
  }));
  const gold = rows.some(({ goldValue }) => goldValue !== null);
  return (
    <Card>
      <CardHeader
        title="Reward against distance"
        description="A reward that goes on rising while people, or the gold score, see no gain is the reward model being exploited"
      />
      <CardBody>
        <div className="h-64">
          <ResponsiveContainer width="100%" height="100%" minWidth={0}>
            <ComposedChart data={rows} margin={{ top: 6, right: gold ? 0 : 8, bottom: 16, left: 0 }} title="Reward against distance">
              <CartesianGrid stroke="var(--border)" vertical={false} />
              <XAxis
                dataKey="distance"
                type="number"
                domain={[0, "auto"]}
                tick={TICK}
                stroke="var(--border)"
                tickFormatter={formatNumber}
                label={{
                  value: "Square root of the KL to the reference",
                  position: "insideBottom",
                  offset: -10,
                  fontSize: 11,
                  fill: "var(--muted)",
                }}
              />
              <YAxis
                yAxisId="reward"
                width={44}
                tick={TICK}
                stroke="var(--border)"
                domain={["auto", "auto"]}
                tickFormatter={formatNumber}
              />
              {gold && (
                <YAxis
                  yAxisId="gold"
                  orientation="right"
                  width={44}
                  tick={TICK}
                  stroke="var(--border)"
                  domain={["auto", "auto"]}
                  tickFormatter={formatNumber}
                />
              )}
              <ChartTooltip
                isAnimationActive={false}
                cursor={{ stroke: "var(--control)" }}
                content={({ active, payload }) => (active === true ? <PointValues row={payload?.[0]?.payload as Row | undefined} /> : null)}
              />
              <Line
                yAxisId="reward"
                dataKey="reward"
                stroke="var(--series-1)"
                strokeWidth={1.75}
                dot={{ r: 2, fill: "var(--series-1)" }}
                isAnimationActive={false}
                connectNulls
                type="linear"
              />
              {gold && (
                <Scatter yAxisId="gold" dataKey="goldValue" fill="var(--series-2)" isAnimationActive={false}>
                  <ErrorBar dataKey="goldError" direction="y" width={6} stroke="var(--series-2)" />
                </Scatter>
              )}
            </ComposedChart>
          </ResponsiveContainer>
        </div>
        <ul className="flex flex-wrap gap-x-4 pt-1 text-xs text-muted">
          <li className="flex items-center gap-1.5">
            <span aria-hidden="true" className="h-0.5 w-4 bg-(--series-1)" />
            Reward model's score of the rollouts, in the order of the steps (left)
          </li>
          {gold && (
            <li className="flex items-center gap-1.5">
              <span aria-hidden="true" className="size-2 rounded-full bg-(--series-2)" />
              Gold score of evaluated checkpoints, with 95 % interval (right)
            </li>
          )}
        </ul>
        {!gold && (
          <p className="pt-1 text-xs text-muted">Evaluate its checkpoints with a gold taste (demo) to see the true gain beside it.</p>
        )}
      </CardBody>
    </Card>
  );
}
