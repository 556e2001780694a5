"use client";
/** One chart: the raw lines behind, the smoothed ones in front, a cursor shared with the other charts. */
import { Download, Info } from "lucide-react";
import { useMemo, useRef } from "react";
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip as ChartTooltip, XAxis, YAxis } from "recharts";
import { type ChartSpec, metricDefinition } from "@/domain/metric-definitions";
import { formatMetric } from "@/domain/run-format";
import { type SeriesPoint, smoothPoints, thinPoints } from "@/domain/run-series";
import { Button } from "../../components/ui/button";
import { Tooltip } from "../../components/ui/tooltip";
import { downloadPng, downloadSvg } from "./download";

export type CurveSource = { id: string; name: string; metrics: ReadonlyMap<string, readonly SeriesPoint[]> };

/** Points drawn a line; a chart is about 400 pixels wide. */
const MAX_POINTS = 400;
const COLORS = [1, 2, 3, 4, 5, 6].map((i) => `var(--series-${i})`);
const DASHES = ["0", "6 3", "2 3"];

/** Shares end where they can end, at 0 and 100 %; in steps of 5 %. */
const SHARE_DOMAIN: [(min: number) => number, (max: number) => number] = [
  (min) => Math.max(0, Math.floor(min * 20) / 20),
  (max) => Math.min(1, Math.ceil(max * 20) / 20),
];

type CurveLine = { key: string; label: string; color: string; dash: string; metric: string; last: number };
type Row = Record<string, number>;

/** With overlays the colour tells the run and the dash the metric; alone, the colour tells the metric. */
function buildLines(
  spec: ChartSpec,
  sources: readonly CurveSource[],
  smoothing: number,
  log: boolean,
): { lines: CurveLine[]; rows: Row[] } {
  const lines: CurveLine[] = [];
  const byStep = new Map<number, Row>();
  const put = (key: string, points: readonly SeriesPoint[]) => {
    for (const { step, value } of points) {
      if (log && value <= 0) continue;
      const row: Row = byStep.get(step) ?? { step };
      row[key] = value;
      byStep.set(step, row);
    }
  };
  for (const [s, source] of sources.entries()) {
    for (const [m, metric] of spec.metrics.entries()) {
      const points = source.metrics.get(metric);
      const last = points?.at(-1);
      if (points === undefined || last === undefined) continue;
      const key = `${s}:${m}`;
      put(key, thinPoints(smoothPoints(points, smoothing), MAX_POINTS));
      if (smoothing > 0) put(`${key}:raw`, thinPoints(points, MAX_POINTS));
      const several = sources.length > 1;
      const label = [several && source.name, (spec.metrics.length > 1 || !several) && metricDefinition(metric).label]
        .filter((part) => part !== false)
        .join(", ");
      lines.push({
        key,
        label,
        metric,
        last: last.value,
        color: COLORS[(several ? s : m) % COLORS.length] ?? "currentColor",
        dash: several ? (DASHES[m % DASHES.length] ?? "0") : "0",
      });
    }
  }
  return { lines, rows: [...byStep].sort(([a], [b]) => a - b).map(([, row]) => row) };
}

function Swatch({ color, dash }: { color: string; dash: string }) {
  return (
    <svg aria-hidden="true" width="16" height="8" className="shrink-0">
      <line x1="0" y1="4" x2="16" y2="4" stroke={color} strokeWidth="2" strokeDasharray={dash} />
    </svg>
  );
}

type TooltipEntry = { dataKey?: unknown; value?: unknown };

/** Values at the step under the cursor, in the order of the legend. */
function CursorValues({
  active,
  label,
  payload,
  lines,
}: {
  active?: boolean;
  label?: unknown;
  payload?: readonly TooltipEntry[];
  lines: readonly CurveLine[];
}) {
  if (active !== true || payload === undefined) return null;
  const values = new Map(payload.map(({ dataKey, value }) => [String(dataKey), value]));
  return (
    <div className="figures rounded-md border bg-surface px-2 py-1 text-xs shadow-raised">
      <div className="text-muted">step {String(label)}</div>
      {lines.map(({ key, label: name, color, dash, metric }) => {
        const value = values.get(key);
        return typeof value === "number" ? (
          <div key={key} className="flex items-center gap-1.5">
            <Swatch color={color} dash={dash} />
            {name} <span className="ml-auto pl-2 font-medium">{formatMetric(metric, value)}</span>
          </div>
        ) : null;
      })}
    </div>
  );
}

export function CurveChart({
  spec,
  sources,
  smoothing,
  log,
}: {
  spec: ChartSpec;
  sources: readonly CurveSource[];
  smoothing: number;
  log: boolean;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const { lines, rows } = useMemo(() => buildLines(spec, sources, smoothing, log), [spec, sources, smoothing, log]);
  const first = spec.metrics[0] ?? "";
  const share = metricDefinition(first).percent === true;
  const explanation = spec.metrics
    .map((metric) => metricDefinition(metric))
    .map(({ label, definition, source }) => `${label}: ${definition} (${source})`);
  const save = (kind: "svg" | "png") => {
    const svg = frame.current?.querySelector<SVGSVGElement>("svg.recharts-surface");
    if (svg) void (kind === "svg" ? downloadSvg(svg, spec.title) : downloadPng(svg, spec.title));
  };
  return (
    <section aria-label={spec.title} className="group relative flex flex-col rounded-lg border bg-surface px-3 pt-2 pb-1">
      <header className="flex items-center gap-1">
        <h2 className="truncate text-sm font-semibold">{spec.title}</h2>
        <Tooltip content={<span className="whitespace-pre-line">{explanation.join("\n")}</span>}>
          <button
            type="button"
            aria-label={`What ${spec.title} means: ${explanation.join(" ")}`}
            className="rounded p-1 text-muted hover:text-text"
          >
            <Info aria-hidden="true" className="size-3.5" />
          </button>
        </Tooltip>
        <span className="absolute top-1.5 right-2 flex rounded-md bg-surface opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          {(["svg", "png"] as const).map((kind) => (
            <Button
              key={kind}
              size="sm"
              variant="ghost"
              className="h-7 px-1.5 text-xs text-muted"
              aria-label={`Download ${spec.title} as ${kind.toUpperCase()}`}
              onClick={() => save(kind)}
            >
              <Download aria-hidden="true" className="size-3" />
              {kind.toUpperCase()}
            </Button>
          ))}
        </span>
      </header>
      <div ref={frame} className="h-32">
        <ResponsiveContainer width="100%" height="100%" minWidth={0}>
          <LineChart data={rows} syncId="run" syncMethod="value" margin={{ top: 6, right: 8, bottom: 0, left: 0 }} title={spec.title}>
            <CartesianGrid stroke="var(--border)" vertical={false} />
            <XAxis
              dataKey="step"
              type="number"
              domain={["dataMin", "dataMax"]}
              allowDecimals={false}
              tick={{ fontSize: 11, fill: "var(--muted)" }}
              stroke="var(--border)"
              height={20}
              tickCount={6}
            />
            <YAxis
              width={52}
              scale={log ? "log" : "linear"}
              domain={share && !log ? SHARE_DOMAIN : ["auto", "auto"]}
              allowDataOverflow={log}
              tick={{ fontSize: 11, fill: "var(--muted)" }}
              stroke="var(--border)"
              tickFormatter={(value: number) => formatMetric(first, value)}
              tickCount={5}
            />
            <ChartTooltip
              isAnimationActive={false}
              cursor={{ stroke: "var(--control)" }}
              content={({ active, label, payload }) => <CursorValues active={active} label={label} payload={payload} lines={lines} />}
            />
            {smoothing > 0 &&
              lines.map(({ key, color, dash }) => (
                <Line
                  key={`${key}:raw`}
                  dataKey={`${key}:raw`}
                  stroke={color}
                  strokeOpacity={0.3}
                  strokeWidth={1}
                  strokeDasharray={dash}
                  dot={false}
                  activeDot={false}
                  isAnimationActive={false}
                  connectNulls
                  type="linear"
                />
              ))}
            {lines.map(({ key, color, dash }) => (
              <Line
                key={key}
                dataKey={key}
                stroke={color}
                strokeWidth={1.75}
                strokeDasharray={dash}
                dot={rows.length === 1}
                activeDot={{ r: 3 }}
                isAnimationActive={false}
                connectNulls
                type="linear"
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
      <ul aria-label={`Last values of ${spec.title}`} className="figures flex flex-wrap gap-x-3 pb-1 text-xs">
        {lines.map(({ key, label, color, dash, metric, last }) => (
          <li key={key} className="flex items-center gap-1.5">
            <Swatch color={color} dash={dash} />
            <span className="text-muted">{label}</span>
            <span className="font-medium">{formatMetric(metric, last)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
