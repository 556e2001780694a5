/** A number with its uncertainty: value, half-width or bounds of its interval, and how many it rests on. */
import { cn } from "./cn";

export type IntervalProps = {
  value: number | null;
  low?: number | null;
  high?: number | null;
  n?: number | null;
  digits?: number;
  /** The value is a share of 1 and is shown in per cent. */
  percent?: boolean;
  /** Grey: not significantly different from what it is compared with. */
  insignificant?: boolean;
  className?: string;
};

/**
 * "61.3 % ± 2.1, n = 512". An interval that is not symmetric within the digits shown is written
 * with its bounds: "61.3 % (58.0 to 63.1)". Where all observations are alike, resampling them says nothing of how sure the value is,
 * and "± 0.0" would say too much: "100.0 % (no spread)".
 */
export function formatInterval({
  value,
  low = null,
  high = null,
  n = null,
  digits = 1,
  percent = false,
}: Omit<IntervalProps, "className" | "insignificant">): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const scale = percent ? 100 : 1;
  const show = (x: number) => (x * scale).toFixed(digits).replace("-", "−");
  let text = percent ? `${show(value)} %` : show(value);
  if (low !== null && high !== null) {
    const up = show(high - value);
    const down = show(value - low);
    if (low === high) text += " (no spread)";
    else text += up === down ? ` ± ${up}` : ` (${show(low)} to ${show(high)})`;
  }
  if (n !== null) text += `, n = ${n.toLocaleString("en")}`;
  return text;
}

/** A p value to three digits. */
export const formatP = (p: number): string => (p < 0.001 ? "< 0.001" : p.toFixed(3));

export function Interval({ insignificant = false, className, ...numbers }: IntervalProps) {
  return (
    <span
      title={insignificant ? "Not significantly different" : undefined}
      className={cn("figures whitespace-nowrap", insignificant && "text-muted italic", className)}
    >
      {formatInterval(numbers)}
    </span>
  );
}
