/** The start form's fields against the config schemas: none missing, none extra, and what is wrong is said by field. */
import { describe, expect, it } from "vitest";
import { chartsFor, metricDefinition } from "../../../domain/metric-definitions";
import { runConfigSchema, runKindSchema } from "../../../domain/run";
import { estimateMemory, estimateSeconds, estimateSteps } from "../../../domain/run-estimate";
import { configToForm, flattenConfig, isFieldUsed, parseRunForm, RUN_FIELDS } from "../../../domain/run-fields";
import { presetConfig, RUN_PRESETS } from "../../../domain/run-presets";

// A sweep is written in a form of its own: see sweep-form.test.ts.
describe.each(runKindSchema.options.filter((kind) => kind !== "sweep"))("fields of %s", (kind) => {
  const defaults = runConfigSchema.parse({ kind });

  it("cover every value of the config once", () => {
    const paths = RUN_FIELDS[kind].map(({ path }) => path);
    const leaves = flattenConfig(defaults)
      .map(([path]) => path)
      .filter((path) => path !== "kind" && path !== "adaptiveKl");
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.filter((path) => !path.startsWith("adaptiveKl.")).sort()).toEqual(leaves.sort());
  });

  it("read back the presets they show", () => {
    for (const preset of RUN_PRESETS[kind]) {
      const config = presetConfig(kind, preset);
      expect(parseRunForm(kind, configToForm(config))).toEqual({ ok: true, config });
    }
  });
});

describe("parseRunForm", () => {
  const values = configToForm(runConfigSchema.parse({ kind: "ppo" }));
  const errorsOf = (changes: Record<string, string | boolean>) => {
    const result = parseRunForm("ppo", { ...values, ...changes });
    return result.ok ? {} : result.errors;
  };

  it("says at the list which entry is wrong, and keeps folders inside", () => {
    const benchmark = configToForm(runConfigSchema.parse({ kind: "benchmark" }));
    const wrong = (changes: Record<string, string>) => parseRunForm("benchmark", { ...benchmark, ...changes });
    expect(wrong({ tasks: "cola, nope" })).toEqual({
      ok: false,
      errors: { tasks: expect.stringContaining('There is no task or suite "nope"; suites are glue, super_glue, mmlu') },
    });
    expect(wrong({ tasks: " " })).toMatchObject({ ok: false, errors: { tasks: "Enter a suite or a task" } });
    for (const dataFolder of ["../etc", "/etc", "a/../..", "a//b"])
      expect(wrong({ dataFolder })).toMatchObject({ ok: false, errors: { dataFolder: expect.any(String) } });
    expect(wrong({ dataFolder: "mine/v1.0", tasks: "mmlu_anatomy" })).toMatchObject({
      ok: true,
      config: { dataFolder: "mine/v1.0", tasks: ["mmlu_anatomy"] },
    });
  });

  it("names the field that is wrong and the limit", () => {
    expect(errorsOf({ iterations: "0", learningRate: "x", "lora.r": "2.5" })).toEqual({
      iterations: "At least 1",
      learningRate: "Enter a number",
      "lora.r": "Enter a whole number",
    });
  });
  it("never turns an empty number into the default", () => {
    expect(errorsOf({ klCoef: " " })).toEqual({ klCoef: "Enter a number" });
  });
  it("takes empty for none where none exists, and half an adaptive controller for a mistake", () => {
    const none = parseRunForm("ppo", { ...values, maxGradNorm: "" });
    expect(none.ok && none.config.kind === "ppo" && none.config.maxGradNorm).toBe(null);
    expect(Object.keys(errorsOf({ "adaptiveKl.target": "6" }))).toEqual(["adaptiveKl.horizon"]);
  });
  it("refuses an empty list of target modules", () => {
    expect(Object.keys(errorsOf({ "lora.targetModules": "" }))).toEqual(["lora.targetModules"]);
  });
});

describe("fields that another one decides on", () => {
  const used = (kind: "ppo" | "preference", changes: object) => {
    const values = configToForm(runConfigSchema.parse({ kind, ...changes }));
    return RUN_FIELDS[kind].filter((spec) => isFieldUsed(spec, values)).map(({ path }) => path);
  };
  it("show a value function for PPO and a group for the others", () => {
    expect(used("ppo", {})).toEqual(expect.arrayContaining(["vfCoef", "valueNetwork", "lam"]));
    expect(used("ppo", {})).not.toContain("groupSize");
    expect(used("ppo", { method: "grpo" })).toEqual(expect.arrayContaining(["groupSize", "lossAggregation"]));
    expect(used("ppo", { method: "rloo" })).not.toEqual(expect.arrayContaining(["vfCoef"]));
    expect(used("preference", { loss: "kto" })).toContain("desirableWeight");
    expect(used("preference", {})).toContain("labelSmoothing");
  });
  it("depend on a choice that is there", () => {
    for (const fields of Object.values(RUN_FIELDS)) {
      for (const { when } of fields) {
        const choices = fields.find(({ path }) => path === when?.path)?.choices?.map(({ value }) => value);
        expect(when?.is.every((value) => choices?.includes(value)) ?? true).toBe(true);
      }
    }
  });
});

describe("estimates", () => {
  const sft = runConfigSchema.parse({ kind: "sft", batchSize: 16, gradientAccumulationSteps: 2, epochs: 1.5 });
  const work = { trainRows: 100, prompts: 30, completionsPerRow: 2 };
  it("counts steps as the trainer does: ceil(ceil(100 / 32) * 1.5)", () => {
    expect(estimateSteps(sft, work)).toBe(6);
    expect(estimateSteps(runConfigSchema.parse({ kind: "sft", maxSteps: 7 }), work)).toBe(7);
    expect(estimateSteps(sft, { ...work, trainRows: 0 })).toBe(null);
    expect(estimateSteps(runConfigSchema.parse({ kind: "sample", maxPrompts: 100, completionsPerPrompt: 3, batchSize: 32 }), work)).toBe(
      90,
    );
    expect(estimateSteps(runConfigSchema.parse({ kind: "evaluation" }), work)).toBe(30);
    expect(estimateSteps(runConfigSchema.parse({ kind: "evaluation", holistic: true }), work)).toBe(150);
  });
  it("scales past paces by sequences a step and takes the median", () => {
    const past = [1, 2, 9].map((secondsPerStep) => ({ secondsPerStep, sequencesPerStep: 16 }));
    expect(estimateSeconds(sft, work, 6, past)).toEqual({ seconds: 24, low: 12, high: 108, runs: 3 });
    expect(estimateSeconds(sft, work, 6, [])).toBe(null);
  });
  it("needs at least weights, gradient and two moments for full fine-tuning", () => {
    const shape = { parameters: 1e6, hiddenSize: 64, layers: 2, vocabSize: 1000 };
    const full = estimateMemory(runConfigSchema.parse({ kind: "sft", method: "full" }), shape);
    expect(full).toBeGreaterThan(16e6);
    expect(estimateMemory(runConfigSchema.parse({ kind: "sft", method: "lora" }), shape)).toBeLessThan(full);
  });
});

describe("charts", () => {
  it("show every reported metric exactly once, unknown ones too", () => {
    const names = ["objective/kl", "lr", "val/clipfrac", "my/own"];
    expect(
      chartsFor(names)
        .flatMap(({ metrics }) => metrics)
        .sort(),
    ).toEqual([...names].sort());
    expect(metricDefinition("my/own").label).toBe("my/own");
  });
});
