"use client";
/**
 * Parallel coordinates: one axis a setting and the metric last, one line a trial, the darker the better.
 * Source: Inselberg 1985.
 */
import { ChartLine } from "lucide-react";
import { useMemo } from "react";
import type { inferOutput } from "@trpc/tanstack-react-query";
import { formatMetric, formatNumber } from "@/domain/run-format";
import { EmptyState } from "../../components/ui/empty-state";
import type { useTRPC } from "../../trpc";

type SweepTrial = inferOutput<ReturnType<typeof useTRPC>["run"]["trials"]>[number];

export const showValue = (value: SweepTrial["setting"][string] | undefined): string =>
  typeof value === "number" ? formatNumber(value) : value === undefined || value === null ? "none" : String(value);

const WIDTH = 1000;
const HEIGHT = 240;
const TOP = 34;
const BOTTOM = 18;
const SIDE = 70;

type Axis = {
  label: string /** 0 at the bottom, 1 at the top. */;
  place(trial: SweepTrial): number | null;
  ticks: { at: number; text: string }[];
};

/** Numbers are placed by size, by orders of magnitude where they span more than one; other values in steps. */
function settingAxis(trials: readonly SweepTrial[], path: string, label: string): Axis {
  const values = trials.map(({ setting }) => setting[path] ?? null);
  const numbers = values.filter((value): value is number => typeof value === "number");
  const distinct = [...new Set(values)];
  if (numbers.length === values.length && distinct.length > 0) {
    const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
    const scale = min > 0 && max / min >= 10 ? Math.log : (x: number) => x;
    const at = (x: number) => (max === min ? 0.5 : (scale(x) - scale(min)) / (scale(max) - scale(min)));
    const shown = distinct.length <= 5 ? distinct.map(Number) : [min, max];
    return {
      label,
      place: ({ setting }) => at(Number(setting[path])),
      ticks: shown.map((value) => ({ at: at(value), text: showValue(value) })),
    };
  }
  const names = distinct.map(String).sort();
  const at = (name: string) => (names.length === 1 ? 0.5 : names.indexOf(name) / (names.length - 1));
  return {
    label,
    place: ({ setting }) => at(String(setting[path] ?? null)),
    ticks: names.map((name) => ({ at: at(name), text: name === "null" ? "none" : name })),
  };
}

export function ParallelCoordinates({
  trials,
  axes,
  metric,
  marked,
  onMark,
}: {
  trials: readonly SweepTrial[];
  axes: readonly { path: string; label: string }[];
  metric: { label: string; name: string; direction: "min" | "max" };
  marked: string | null;
  onMark: (id: string | null) => void;
}) {
  const drawn = useMemo(() => trials.filter(({ value }) => value !== null), [trials]);
  const placed = useMemo((): Axis[] => {
    const values = drawn.map(({ value }) => value ?? 0);
    const [min, max] = [Math.min(...values), Math.max(...values)];
    // Better is always up.
    const at = (value: number) =>
      max === min ? 0.5 : metric.direction === "max" ? (value - min) / (max - min) : (max - value) / (max - min);
    return [
      ...axes.map(({ path, label }) => settingAxis(drawn, path, label)),
      {
        label: metric.label,
        place: ({ value }) => (value === null ? null : at(value)),
        ticks: [...new Set([min, max])].map((value) => ({ at: at(value), text: formatMetric(metric.name, value) })),
      },
    ];
  }, [drawn, axes, metric.direction, metric.label, metric.name]);
  if (drawn.length === 0) return <EmptyState icon={<ChartLine aria-hidden="true" />} title="No trial to draw yet" />;
  const x = (axis: number) => SIDE + (axis * (WIDTH - 2 * SIDE)) / Math.max(1, placed.length - 1);
  const y = (place: number) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const last = placed.at(-1);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
    <section aria-label="Parallel coordinates" tabIndex={0} className="overflow-x-auto">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        className="h-auto w-full min-w-[40rem]"
        role="img"
        aria-label={`${drawn.length} trials as lines through ${placed.map(({ label }) => label).join(", ")}; the table below has their values`}
      >
        {[...drawn].reverse().map((trial) => {
          const quality = last?.place(trial) ?? 0;
          const points = placed.map((axis, i) => `${x(i)},${y(axis.place(trial) ?? 0)}`).join(" ");
          const isMarked = trial.id === marked;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: marks the line of a table row and back; the table has everything by keyboard
            <polyline
              key={trial.id}
              points={points}
              fill="none"
              stroke={isMarked ? "var(--series-2)" : "var(--series-1)"}
              strokeWidth={isMarked ? 3 : quality === 1 ? 2.5 : 1.5}
              strokeOpacity={isMarked ? 1 : 0.18 + 0.72 * quality}
              onMouseEnter={() => onMark(trial.id)}
              onMouseLeave={() => onMark(null)}
            />
          );
        })}
        {placed.map(({ label, ticks }, i) => (
          <g key={label}>
            <line x1={x(i)} x2={x(i)} y1={y(1)} y2={y(0)} stroke="var(--control)" />
            <text x={x(i)} y={14} textAnchor="middle" fontSize="12" fontWeight="600" fill="var(--text)">
              {label}
            </text>
            {ticks.map(({ at, text }) => (
              <text
                key={text}
                x={i === placed.length - 1 ? x(i) + 6 : x(i) - 6}
                y={y(at) + 4}
                textAnchor={i === placed.length - 1 ? "start" : "end"}
                fontSize="11"
                fill="var(--muted)"
                stroke="var(--surface)"
                strokeWidth="4"
                paintOrder="stroke"
              >
                {text}
              </text>
            ))}
          </g>
        ))}
      </svg>
    </section>
  );
}
