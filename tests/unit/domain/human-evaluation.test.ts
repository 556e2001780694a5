import { describe, expect, it } from "vitest";
import { drawPrompts, newHumanEvaluationSchema, stateOfHumanEvaluation } from "../../../domain/human-evaluation";
import { measureHumanEvaluation, type RatingVote } from "../../../domain/human-evaluation-results";

const SCALES = [{ points: 5 }];

/** `scores[prompt][evaluator][model]`, every model with a text of its own. */
function measure(scores: number[][][], seed = 1) {
  const votes = scores.flatMap((given, prompt) =>
    given.map((models, e): RatingVote => ({ evaluatorId: `e${e}`, prompt, scores: models.map((score) => [score]) })),
  );
  const models = scores[0]?.[0]?.length ?? 0;
  return measureHumanEvaluation({
    models,
    scales: SCALES,
    prompts: scores.map(() => ({ textOf: Array.from({ length: models }, (_, m) => m) })),
    votes,
    seed,
  });
}

describe("measureHumanEvaluation", () => {
  it("gives means, counts and differences that can be checked by hand", () => {
    const results = measure([
      [
        [1, 4],
        [2, 4],
      ],
      [
        [1, 5],
        [2, 5],
      ],
      [
        [3, 3],
        [3, 4],
      ],
    ]);
    expect(results).toMatchObject({ votes: 6, evaluators: 2, prompts: 3 });
    expect(results.models[0]?.scales[0]).toMatchObject({ ratings: 6, counts: [2, 2, 2, 0, 0] });
    expect(results.models[0]?.scales[0]?.mean).toMatchObject({ value: 2, n: 3 });
    expect(results.models[1]?.scales[0]?.mean.value).toBeCloseTo(25 / 6, 12);
    expect(results.pairs).toHaveLength(1);
    expect(results.pairs[0]).toMatchObject({ a: 0, b: 1, scale: 0, prompts: 3 });
    expect(results.pairs[0]?.difference).toBeCloseTo(25 / 6 - 2, 12);
  });

  it("claims nothing of few prompts: with three, no p is below a quarter", () => {
    const results = measure([[[1, 5]], [[1, 5]], [[2, 4]]]);
    expect(results.pairs[0]?.p).toBe(2 / 8);
  });

  it("finds a real difference of many prompts, none between equals, and corrects for their number", () => {
    const results = measure(Array.from({ length: 30 }, (_, i) => [[2 + (i % 2), 2 + ((i + 1) % 2), 4 + (i % 2)]]));
    const p = (a: number, b: number) => results.pairs.find((pair) => pair.a === a && pair.b === b);
    expect(p(0, 2)?.pHolm).toBeLessThan(0.001);
    expect(p(0, 1)).toMatchObject({ difference: 0 });
    expect(p(0, 1)?.pHolm).toBeGreaterThan(0.5);
    for (const pair of results.pairs) expect(pair.pHolm).toBeGreaterThanOrEqual(pair.p);
    expect(p(0, 2)?.low).toBeGreaterThan(0);
  });

  it("counts the one rating of a text for every model that said it, once for the agreement", () => {
    const votes = ["a", "b"].map((evaluatorId): RatingVote => ({ evaluatorId, prompt: 0, scores: [[4], [1]] }));
    const results = measureHumanEvaluation({ models: 3, scales: SCALES, prompts: [{ textOf: [0, 0, 1] }], votes, seed: 1 });
    expect(results.models.map(({ scales }) => scales[0]?.mean.value)).toEqual([4, 4, 1]);
    expect(results.agreement[0]?.agreement).toMatchObject({ observations: 4, percent: { value: 1, n: 2 } });
    expect(results.agreement[0]?.agreement?.alpha.ordinal?.value).toBe(1);
  });

  it("has the interval of clustered ratings: more evaluators of the same prompts do not narrow it", () => {
    const once = measure(Array.from({ length: 20 }, (_, i) => [[1 + (i % 5), 3]]));
    const fourTimes = measure(Array.from({ length: 20 }, (_, i) => Array.from({ length: 4 }, () => [1 + (i % 5), 3])));
    const width = (results: typeof once) => (results.models[0]?.scales[0]?.mean.high ?? 0) - (results.models[0]?.scales[0]?.mean.low ?? 0);
    expect(width(fourTimes)).toBeCloseTo(width(once), 12);
  });

  it("is the same again with the same seed, and empty without votes", () => {
    const scores = [
      [
        [1, 4],
        [2, 5],
      ],
      [
        [2, 2],
        [3, 1],
      ],
    ];
    expect(measure(scores)).toEqual(measure(scores));
    expect(measureHumanEvaluation({ models: 2, scales: SCALES, prompts: [{ textOf: [0, 1] }], votes: [], seed: 1 })).toEqual({
      votes: 0,
      evaluators: 0,
      prompts: 0,
      models: [{ scales: [null] }, { scales: [null] }],
      pairs: [],
      agreement: [{ scale: 0, agreement: null }],
    });
  });
});

describe("a new evaluation", () => {
  const prompts = Array.from({ length: 50 }, (_, i) => ({ contentHash: String(i).padStart(2, "0") }));
  it("draws prompts by seed, whatever the order they come in", () => {
    const drawn = drawPrompts(prompts, { count: 10, seed: 3 });
    expect(drawPrompts(prompts.toReversed(), { count: 10, seed: 3 })).toEqual(drawn);
    expect(drawPrompts(prompts, { count: 10, seed: 4 })).not.toEqual(drawn);
    expect(new Set(drawn).size).toBe(10);
  });
  it("refuses attributes of one name and a single model, by field", () => {
    const id = "0190a0a0-0000-7000-8000-000000000001";
    const parsed = newHumanEvaluationSchema.safeParse({
      projectId: id,
      name: "x",
      models: [{ modelId: id }],
      prompts: { from: "split", split: "test", count: 3 },
      scales: [
        { name: "Clear", points: 5 },
        { name: "clear", points: 3 },
      ],
    });
    expect(parsed.error?.issues.map(({ path }) => path.join("."))).toEqual(["models", "scales"]);
  });
  it("says its state", () => {
    const at = new Date();
    expect(stateOfHumanEvaluation({ openedAt: null, closedAt: null, judged: 0, wanted: 0 })).toBe("waiting");
    expect(stateOfHumanEvaluation({ openedAt: at, closedAt: null, judged: 3, wanted: 4 })).toBe("open");
    expect(stateOfHumanEvaluation({ openedAt: at, closedAt: null, judged: 4, wanted: 4 })).toBe("done");
    expect(stateOfHumanEvaluation({ openedAt: at, closedAt: at, judged: 3, wanted: 4 })).toBe("closed");
  });
});
