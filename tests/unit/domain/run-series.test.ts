/** Curves out of run events: order, resumed attempts, smoothing, CSV. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../domain/run";
import { buildRunSeries, mergeEvents, type StoredRunEvent, seriesToCsv, smoothPoints } from "../../../domain/run-series";

function stored(events: readonly [attempt: number, event: RunEvent][]): StoredRunEvent[] {
  return events.map(([attempt, event], i) => ({ seq: i + 1, attempt, event, createdAt: new Date(0) }));
}
const metric = (step: number, values: Record<string, number>): RunEvent => ({ kind: "metric", step, values });
const sample = (step: number, completion: string): RunEvent => ({
  kind: "sample",
  step,
  rows: [{ prompt: "p", completion, reference: null, score: null, kl: null }],
});

describe("buildRunSeries", () => {
  it("keeps one point a step and metric, in order", () => {
    const { metrics, lastStep } = buildRunSeries(
      stored([
        [1, metric(1, { a: 1 })],
        [1, metric(1, { b: 5 })],
        [1, metric(2, { a: 2 })],
      ]),
    );
    expect(metrics.get("a")).toEqual([
      { step: 1, value: 1 },
      { step: 2, value: 2 },
    ]);
    expect(metrics.get("b")).toEqual([{ step: 1, value: 5 }]);
    expect(lastStep).toBe(2);
  });

  it("drops what a dead attempt did after the step from which a later one resumed", () => {
    const events = stored([
      [1, metric(1, { a: 10 })],
      [1, metric(2, { a: 20, b: 2 })],
      [1, sample(2, "old")],
      [1, metric(3, { a: 30 })],
      [1, metric(4, { a: 40 })],
      [2, { kind: "state", from: "queued", to: "running", reason: "" }],
      [2, metric(2, { a: 21 })],
    ]);
    const { metrics, samples, lastStep } = buildRunSeries(events);
    expect(metrics.get("a")).toEqual([
      { step: 1, value: 10 },
      { step: 2, value: 21 },
    ]);
    expect(metrics.has("b")).toBe(false);
    expect(samples).toEqual([]);
    expect(lastStep).toBe(2);
  });

  it("keeps what the dead attempt did up to its checkpoint", () => {
    const { metrics } = buildRunSeries(
      stored([
        [1, metric(1, { a: 1 })],
        [1, metric(2, { a: 2 })],
        [1, metric(3, { a: 3 })],
        [2, metric(3, { a: 33 })],
        [2, metric(4, { a: 4 })],
      ]),
    );
    expect(metrics.get("a")?.map(({ value }) => value)).toEqual([1, 2, 33, 4]);
  });

  it("shows the later of two sample tables of a step", () => {
    const { samples } = buildRunSeries(
      stored([
        [1, sample(5, "first")],
        [2, sample(5, "second")],
      ]),
    );
    expect(samples.map(({ step, rows }) => [step, rows[0]?.completion])).toEqual([[5, "second"]]);
  });
});

describe("mergeEvents", () => {
  it("takes each sequence number once, however often it comes", () => {
    const all = stored([
      [1, metric(1, { a: 1 })],
      [1, metric(2, { a: 2 })],
      [1, metric(3, { a: 3 })],
    ]);
    const merged = mergeEvents(all.slice(0, 2), all);
    expect(merged.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(mergeEvents(merged, all)).toBe(merged);
  });
});

describe("smoothPoints", () => {
  const points = [1, 2, 4].map((value, step) => ({ step, value }));
  it("is the debiased moving average: weights 1; 1/3, 2/3; 1/7, 2/7, 4/7 at 0.5", () => {
    expect(smoothPoints(points, 0.5).map(({ value }) => value)).toEqual([
      1,
      expect.closeTo(5 / 3, 12),
      expect.closeTo((1 + 4 + 16) / 7, 12),
    ]);
  });
  it("leaves points as they are at 0", () => {
    expect(smoothPoints(points, 0)).toEqual(points);
  });
});

describe("seriesToCsv", () => {
  it("has a line a step, empty where a metric has no value, and quotes commas", () => {
    const csv = seriesToCsv(
      new Map([
        ["b,c", [{ step: 2, value: 0.5 }]],
        [
          "a",
          [
            { step: 1, value: 1 },
            { step: 2, value: -2 },
          ],
        ],
      ]),
    );
    expect(csv).toBe('step,a,"b,c"\r\n1,1,\r\n2,-2,0.5\r\n');
  });
});
