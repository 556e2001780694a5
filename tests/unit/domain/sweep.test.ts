/** What a sweep tries: grids, draws and halvings, against counts and orders worked out by hand. */
import { describe, expect, it } from "vitest";
import { type SweepConfig, sweepConfigSchema } from "../../../domain/run";
import { estimateSweepSteps } from "../../../domain/run-estimate";
import { nextRung, plannedTrials, planTrials, rungSizes, settingOf, type Trial, trialConfig } from "../../../domain/sweep";

const sweepOf = (options: object): SweepConfig =>
  sweepConfigSchema.parse({
    kind: "sweep",
    trial: { kind: "sft" },
    parameters: [{ path: "learningRate", min: 1e-4, max: 1e-2, scale: "log" }],
    ...options,
  });
const GRID = [
  { path: "learningRate", values: [1e-4, 1e-3] },
  { path: "lora.r", values: [4, 8, 16] },
];

describe("planTrials", () => {
  it("goes through all combinations of a grid, the last parameter fastest", () => {
    const settings = planTrials(sweepOf({ strategy: "grid", parameters: GRID }));
    expect(settings.map((setting) => [setting.learningRate, setting["lora.r"]])).toEqual([
      [1e-4, 4],
      [1e-4, 8],
      [1e-4, 16],
      [1e-3, 4],
      [1e-3, 8],
      [1e-3, 16],
    ]);
  });
  it("draws within the range by orders of magnitude, the same for the same seed", () => {
    const rates = (seed: number) => planTrials(sweepOf({ trials: 200, seed })).map(({ learningRate }) => Number(learningRate));
    expect(rates(1)).toHaveLength(200);
    for (const rate of rates(1)) expect(rate >= 1e-4 && rate <= 1e-2).toBe(true);
    // Half of a log-uniform draw from 1e-4 to 1e-2 lies below 1e-3: 100 of 200, three deviations are 21.
    expect(Math.abs(rates(1).filter((rate) => rate < 1e-3).length - 100)).toBeLessThan(22);
    expect(rates(1)).toEqual(rates(1));
    expect(rates(1)).not.toEqual(rates(2));
  });
  it("keeps whole what is a whole number, and draws nothing twice", () => {
    const settings = planTrials(sweepOf({ trials: 20, parameters: [{ path: "lora.r", min: 1, max: 6, scale: "linear" }] }));
    expect(settings.map((setting) => setting["lora.r"]).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it.each([
    ["a field that there is not", { parameters: [{ path: "lora.rank", values: [1] }] }, "lora.rank: a sft run has no such field"],
    ["the same field twice", { parameters: [GRID[0], GRID[0]] }, "learningRate: is there twice"],
    ["a range in a grid", { strategy: "grid" }, "learningRate: a grid needs a list of values, not a range"],
    [
      "a range that is none",
      { parameters: [{ path: "learningRate", min: 1, max: 1, scale: "linear" }] },
      "learningRate: the range needs a smaller and a larger number",
    ],
    [
      "orders of magnitude from 0",
      { parameters: [{ path: "weightDecay", min: 0, max: 1, scale: "log" }] },
      "weightDecay: a logarithmic range begins above 0",
    ],
    [
      "steps, which halving decides about",
      { strategy: "halving", parameters: [{ path: "maxSteps", values: [10, 20] }] },
      "maxSteps: halving decides about it",
    ],
    [
      "a value that the field refuses",
      { strategy: "grid", parameters: [{ path: "lora.r", values: [8, 0] }] },
      /^With lora\.r 0: lora\.r: /,
    ],
    [
      "settings that contradict each other",
      { strategy: "grid", parameters: [{ path: "initialisation", values: ["random"] }] },
      /^With initialisation random: initialisation: Fresh weights/,
    ],
    [
      "too large a grid",
      {
        strategy: "grid",
        parameters: [
          { path: "seed", values: Array.from({ length: 50 }, (_, i) => i) },
          { path: "batchSize", values: [1, 2, 3, 4, 5] },
        ],
      },
      "The grid has 250 settings; at most 200",
    ],
  ])("refuses %s", (_name, options, message) => {
    expect(() => planTrials(sweepOf(options))).toThrow(message);
  });
});

describe("halving", () => {
  const sweep = sweepOf({ strategy: "halving", trials: 9, eta: 3, minSteps: 10 });
  const trials = (rung: number, values: (number | null)[]): Trial[] =>
    values.map((value, i) => ({ id: `${rung}:${i}`, setting: { learningRate: i }, rung, value }));
  it("has rungs of 9, 3 and 1 trials of 10, 30 and 90 steps (Jamieson & Talwalkar 2016)", () => {
    expect(rungSizes(sweep, 9)).toEqual([9, 3, 1]);
    expect(
      [0, 1, 2].map((rung) => trialConfig(sweep, { learningRate: 1e-3 }, rung)).map((config) => config.kind === "sft" && config.maxSteps),
    ).toEqual([10, 30, 90]);
    expect(plannedTrials(sweep)).toBe(13);
    expect(estimateSweepSteps(sweep, { trainRows: 100, prompts: 0, completionsPerRow: 2 })).toBe(270);
  });
  it("takes the best third further, and those without a value never", () => {
    const first = trials(0, [5, 1, null, 3, 2, 9, 8, null, 7]);
    expect(nextRung(sweep, first)).toEqual({
      kind: "start",
      rung: 1,
      settings: [{ learningRate: 1 }, { learningRate: 4 }, { learningRate: 3 }],
    });
    expect(nextRung(sweepOf({ ...sweep, direction: "max" }), first)).toMatchObject({
      settings: [{ learningRate: 5 }, { learningRate: 6 }, { learningRate: 8 }],
    });
    const second = [...first, ...trials(1, [0.9, 0.5, 0.7])];
    expect(nextRung(sweep, second)).toMatchObject({ kind: "start", rung: 2, settings: [{ learningRate: 1 }] });
    // The last rung decides, although an earlier value was lower.
    expect(nextRung(sweep, [...second, ...trials(2, [0.6])])).toMatchObject({ kind: "done", best: { id: "2:0", value: 0.6 } });
  });
  it("ends with what it has where a rung reports nothing, and with none where nothing ever did", () => {
    expect(nextRung(sweep, [...trials(0, [2, 1, 3, 4, 5, 6, 7, 8, 9]), ...trials(1, [null, null, null])])).toMatchObject({
      kind: "done",
      best: { id: "0:1" },
    });
    expect(nextRung(sweep, trials(0, [null, null]))).toEqual({ kind: "done", best: null });
  });
  it("reads a trial's setting and rung back from its config", () => {
    const config = trialConfig(sweep, { learningRate: 0.003 }, 2);
    expect(settingOf(sweep, config)).toEqual({ setting: { learningRate: 0.003 }, rung: 2 });
  });
});

it("starts all trials of a grid at once and ends with the best", () => {
  const sweep = sweepOf({ strategy: "grid", parameters: GRID });
  const next = nextRung(sweep, []);
  expect(next.kind === "start" && next.settings).toHaveLength(6);
  expect(
    nextRung(sweep, [
      { id: "a", setting: {}, rung: 0, value: 2 },
      { id: "b", setting: {}, rung: 0, value: 1 },
    ]),
  ).toMatchObject({ kind: "done", best: { id: "b" } });
});
