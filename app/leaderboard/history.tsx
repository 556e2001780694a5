"use client";
/** Scores after each part of the votes; the slider shows the board as it stood then. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CartesianGrid, Legend, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { Button } from "../components/ui/button";
import { ErrorState } from "../components/ui/empty-state";
import { Skeleton } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import type { BoardAddress } from "./use-board-address";

/** Lines of more models cannot be told apart. */
const LINES = 6;
const DASHES = ["0", "6 3", "2 3", "8 3 2 3", "4 2", "1 3"];

const dayOf = (date: Date) => date.toISOString().slice(0, 16).replace("T", " ");

export default function History({ address }: { address: BoardAddress }) {
  const trpc = useTRPC();
  // Where the slider is while the address does not say so yet.
  const [dragged, setDragged] = useState<number | null>(null);
  const history = useQuery(trpc.leaderboard.history.queryOptions({ slug: address.slug, ...address.board, until: undefined }));
  if (history.error) return <ErrorState message={errorMessage(history.error)} onRetry={() => void history.refetch()} />;
  if (history.data === undefined) return <Skeleton className="h-64" />;
  const { models, points } = history.data;
  const newest = points.at(-1);
  if (points.length < 2 || newest === undefined) return <p className="text-sm text-muted">The history begins with the second vote.</p>;
  const order = models
    .map((_, i) => i)
    .sort((a, b) => (newest.scores[b] ?? 0) - (newest.scores[a] ?? 0))
    .slice(0, LINES);
  const rows = points.map(({ votes, scores }) => ({
    votes,
    ...Object.fromEntries(order.flatMap((i) => (Number.isFinite(scores[i]) ? [[`m${i}`, scores[i]]] : []))),
  }));
  const { until } = address.board;
  const place =
    until === undefined
      ? points.length - 1
      : Math.max(
          0,
          points.findLastIndex(({ at }) => at.getTime() <= until.getTime()),
        );
  const shown = points[dragged ?? place];
  const choose = (next: number) => {
    const point = points[next];
    if (point !== undefined && next !== place) address.choose("until", next === points.length - 1 ? null : point.at.toISOString());
  };
  return (
    <div className="p-4">
      <div aria-hidden="true" className="h-64 text-xs">
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={rows} margin={{ top: 4, right: 8, bottom: 0, left: -12 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--border)" />
            <XAxis
              dataKey="votes"
              type="number"
              domain={["dataMin", "dataMax"]}
              tick={{ fill: "var(--muted)" }}
              stroke="var(--border)"
              minTickGap={32}
            />
            <YAxis
              domain={["auto", "auto"]}
              tickFormatter={(value: number) => value.toFixed(0)}
              tick={{ fill: "var(--muted)" }}
              stroke="var(--border)"
            />
            <Tooltip
              formatter={(value) => Number(value).toFixed(0)}
              labelFormatter={(votes) => `${votes} votes`}
              contentStyle={{ background: "var(--surface)", border: "1px solid var(--border)", borderRadius: 8, color: "var(--text)" }}
              isAnimationActive={false}
            />
            <Legend />
            {shown !== undefined && <ReferenceLine x={shown.votes} stroke="var(--muted)" />}
            {order.map((i, line) => (
              <Line
                key={models[i]?.id}
                dataKey={`m${i}`}
                name={models[i]?.name}
                stroke={`var(--series-${(line % 6) + 1})`}
                strokeDasharray={DASHES[line % DASHES.length]}
                strokeWidth={2}
                dot={false}
                isAnimationActive={false}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
      <label className="mt-3 flex flex-wrap items-center gap-3 text-sm">
        <span className="font-medium">The board as it stood</span>
        <input
          type="range"
          min={0}
          max={points.length - 1}
          value={dragged ?? place}
          onChange={(event) => setDragged(Number(event.target.value))}
          aria-valuetext={shown === undefined ? undefined : `after ${shown.votes} votes`}
          className="min-w-40 flex-1 accent-accent pointer-coarse:min-h-11"
          onPointerUp={() => choose(dragged ?? place)}
          onKeyUp={() => choose(dragged ?? place)}
        />
        <span className="figures text-muted">
          after {shown?.votes} votes, {shown === undefined ? "" : dayOf(shown.at)}
        </span>
      </label>
      {until !== undefined && (
        <Button
          size="sm"
          className="mt-2"
          onClick={() => {
            setDragged(null);
            address.choose("until", null);
          }}
        >
          Back to all votes
        </Button>
      )}
      {models.length > LINES && <p className="mt-2 text-xs text-muted">The {LINES} models that lead now.</p>}
    </div>
  );
}
