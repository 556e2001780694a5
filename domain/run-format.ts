/** How the numbers of runs are written for people. */
import { metricDefinition } from "./metric-definitions";

const MINUS = "−";

/** Four significant digits; very small and very large numbers with an exponent. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : Number(value.toPrecision(4)).toString();
  return text.replace(/-/g, MINUS);
}

/** The value of a metric; shares of 1 in per cent. */
export function formatMetric(name: string, value: number): string {
  return metricDefinition(name).percent === true ? `${formatNumber(Number((value * 100).toFixed(2)))} %` : formatNumber(value);
}

/** "48 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 1) return "under 1 s";
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => s >= size);
  const [size, unit] = units[first] ?? [1, "s"];
  const [nextSize, nextUnit] = units[first + 1] ?? [1, "s"];
  const rest = Math.floor((s % size) / nextSize);
  return `${Math.floor(s / size)} ${unit}${rest > 0 ? ` ${rest} ${nextUnit}` : ""}`;
}

/** "1.3 GiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(2))} ${units[power]}`;
}
