/**
 * Habits that say nothing about the texts: one side again and again, votes faster than anybody reads, rankings sent in
 * the order they were shown. Each alarm needs enough votes and a share that chance does not give (one-sided at about
 * 1 in 1,000, z > 3).
 */
import type { QualityVote } from "./vote";

export const ALARM_KINDS = ["always_left", "always_right", "too_fast", "untouched"] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];
export type Alarm = { kind: AlarmKind; share: number; n: number };

export const LEAST_VOTES = 20;
/** A vote in less than this share of the median of its mode is too fast; and any in less than a second. */
const FAST_SHARE = 0.2;
const FAST_MS = 1000;
/** Everybody has a quick vote now and then. */
const FAST_ALLOWED = 0.1;
/** What a random order of three or more gives by chance is at most 1/6; people who agree with it do so a little more often. */
const UNTOUCHED_ALLOWED = 0.25;

export type Habits = {
  left: number;
  right: number;
  fast: number;
  timed: number;
  untouched: number;
  ranked: number;
  medianMs: number | null;
};

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** Below how many milliseconds a vote of each mode is too fast. Votes without a time (imported ones) count in nothing. */
export function fastLimits(votes: readonly QualityVote[]): Map<string, number> {
  const times = new Map<string, number[]>();
  for (const { mode, activeMs } of votes) {
    if (activeMs <= 0) continue;
    const list = times.get(mode);
    if (list) list.push(activeMs);
    else times.set(mode, [activeMs]);
  }
  return new Map([...times].map(([mode, list]) => [mode, Math.max(FAST_MS, FAST_SHARE * (median(list) ?? 0))]));
}

export function measureHabits(votes: readonly QualityVote[], limits: ReadonlyMap<string, number>): Habits {
  const habits: Habits = {
    left: 0,
    right: 0,
    fast: 0,
    timed: 0,
    untouched: 0,
    ranked: 0,
    medianMs: median(votes.flatMap(({ activeMs }) => (activeMs > 0 ? [activeMs] : []))),
  };
  for (const { side, activeMs, mode, kind, untouched } of votes) {
    if (side === -1) habits.left += 1;
    if (side === 1) habits.right += 1;
    if (activeMs > 0) {
      habits.timed += 1;
      if (activeMs < (limits.get(mode) ?? 0)) habits.fast += 1;
    }
    if (kind === "ranking") {
      habits.ranked += 1;
      if (untouched) habits.untouched += 1;
    }
  }
  return habits;
}

/** Standard errors by which `k` of `n` lies above a share of `p`. */
const above = (k: number, n: number, p: number) => (k / n - p) / Math.sqrt((p * (1 - p)) / n);

export function findAlarms({ left, right, fast, timed, untouched, ranked }: Habits): Alarm[] {
  const alarms: Alarm[] = [];
  const check = (kind: AlarmKind, k: number, n: number, allowed: number, least = 0) => {
    if (n >= LEAST_VOTES && k / n >= least && above(k, n, allowed) > 3) alarms.push({ kind, share: k / n, n });
  };
  // A slight preference of a side is human and is found in any large number of votes: an alarm is for what spoils them.
  check("always_left", left, left + right, 0.5, 0.65);
  check("always_right", right, left + right, 0.5, 0.65);
  check("too_fast", fast, timed, FAST_ALLOWED);
  check("untouched", untouched, ranked, UNTOUCHED_ALLOWED);
  return alarms;
}
