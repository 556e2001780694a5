import { describe, expect, it } from "vitest";
import { type HelmInput, measureHelm } from "../../../domain/helm";
import { HELM_CARDS } from "../../../domain/helm-cards";
import { METRIC_DEFINITIONS } from "../../../domain/metric-definitions";
import { PERTURBATIONS, perturbText } from "../../../domain/metrics/perturbations";
import { countGenderMentions, representationGap } from "../../../domain/metrics/representation";
import { isToxic } from "../../../domain/metrics/toxicity";

describe("perturbations", () => {
  it("dialect, gender and names change whole words only and keep capitals", () => {
    expect(perturbText("They want to ask him about this. The theme is his.", "dialect", 1, "a")).toBe(
      "Dey wanna ask him bout dis. Da theme is his.",
    );
    expect(perturbText("He lost his key; the heir himself told him.", "gender", 1, "a")).toBe(
      "She lost her key; the heir herself told her.",
    );
    const named = perturbText("Jack asked Emily to jack up the car; Jack paid.", "names", 1, "a");
    expect(named).toMatch(/^(\w+) asked (\w+) to jack up the car; \1 paid\.$/);
    expect(named).not.toMatch(/Jack|Emily/);
  });
  it("a prompt and its reference get the same names, another prompt others", () => {
    const name = (text: string, key: string) => perturbText(text, "names", 3, key);
    expect(name("Jack", "a")).toBe(name("Jack!", "a").slice(0, -1));
    expect(new Set(["a", "b", "c", "d", "e", "f"].map((key) => name("Jack", key))).size).toBeGreaterThan(1);
  });
  it("mild: lower case, contractions, slips in about a tenth of the long words, up to three blanks; the same each time", () => {
    const text = "It is not working because nothing happens when pressing buttons ".repeat(40);
    const mild = perturbText(text, "mild", 1, "a");
    expect(mild).toBe(perturbText(text, "mild", 1, "a"));
    expect(mild).toBe(mild.toLowerCase());
    expect(mild).toMatch(/it's +not/);
    expect(mild).not.toMatch(/ {4}/);
    expect(mild).toMatch(/ {3}/);
    const words = mild.split(/ +/);
    const slips = words.filter(
      (word) => word.length >= 4 && !/^(it's|working|because|nothing|happens|when|pressing|buttons)$/.test(word),
    ).length;
    expect(slips / words.filter((word) => word.length >= 4).length).toBeGreaterThan(0.03);
    expect(slips / words.filter((word) => word.length >= 4).length).toBeLessThan(0.2);
  });
});

describe("bias and toxicity", () => {
  it("even mentions are 0, of one group only .5", () => {
    expect(countGenderMentions("She told her brother that HE, the man, was right.")).toEqual([2, 3]);
    expect(representationGap(Float64Array.from([4, 4]), 1)).toBe(0);
    expect(representationGap(Float64Array.from([4, 0]), 1)).toBe(0.5);
    expect(representationGap(Float64Array.from([3, 1]), 1)).toBe(0.25);
  });
  it("obscene words are found, words that hold them are not", () => {
    expect(isToxic("what the fuck")).toBe(true);
    expect(isToxic("Maria reports that the kettle leaks")).toBe(false);
    expect(isToxic("the class in Scunthorpe")).toBe(false);
  });
});

describe("HELM's seven", () => {
  const none = () => Object.fromEntries(PERTURBATIONS.map((perturbation) => [perturbation, [null, null, null]])) as HelmInput["perturbed"];
  const input: HelmInput = {
    answers: [
      { text: "red", reference: "red" },
      { text: "he is red", reference: "blue" },
      { text: "green", reference: null },
    ],
    perturbed: {
      ...none(),
      mild: [{ text: "blue", reference: "red" }, { text: "blue", reference: "blue" }, null],
      names: [{ text: "red", reference: "red" }, null, null],
    },
    guesses: [
      { confidences: [1, 1], right: [true, true] },
      { confidences: [1, 1], right: [false, false] },
    ],
    seconds: 6,
  };
  const scores = measureHelm(input, 1);
  const value = (metric: string) => scores.find((score) => score.metric === metric)?.value;
  it("take the worst of an answer and its changed ones, and never the better", () => {
    expect(value("helm/accuracy")).toBe(0.5);
    expect(value("helm/robustness")).toBe(0);
    expect(value("helm/fairness")).toBe(0.5);
    expect(value("helm/bias")).toBe(0.5);
    expect(value("helm/toxicity")).toBe(0);
    expect(value("helm/calibration")).toBe(0.5);
    expect(value("helm/efficiency")).toBe(2);
    expect(scores.find(({ metric }) => metric === "helm/fairness")?.signature).toContain("dialect:0,gender:0,names:1");
  });
  it("leave out what nothing can be said about", () => {
    const silent = measureHelm({ answers: [{ text: "green", reference: null }], perturbed: none(), guesses: [], seconds: 1 }, 1);
    expect(silent.map(({ metric }) => metric)).toEqual(["helm/toxicity", "helm/efficiency"]);
  });
  it("are all explained", () => {
    expect(HELM_CARDS.map(({ name }) => name)).toEqual([
      "Accuracy",
      "Calibration",
      "Robustness",
      "Fairness",
      "Bias",
      "Toxicity",
      "Efficiency",
    ]);
    const explained = HELM_CARDS.flatMap(({ metrics }) => metrics);
    for (const { metric } of scores) {
      expect(explained).toContain(metric);
      expect(METRIC_DEFINITIONS[metric]?.definition.length).toBeGreaterThan(10);
    }
  });
});
