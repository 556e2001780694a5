/** Orderings that the tastes must have, and texts that please without summarising. */
import { describe, expect, it } from "vitest";
import { FACT_KINDS, INVENTORY } from "../../../../domain/demo/inventory";
import { createDemoPrompts, demoFacts } from "../../../../domain/demo/prompts";
import { chooseCoverage, type Facts, SUMMARY_STYLES, writeSummary } from "../../../../domain/demo/support";
import { readSummary, TASTES, type Taste, tasteScore, tasteUtility } from "../../../../domain/demo/taste";
import { createRandom } from "../../../../domain/random";

const FACTS: Facts = { name: "Maria", product: "kettle", fault: "leaks", since: "on Monday", tried: "a new cable", wanted: "a refund" };

const FULL = "Maria says the kettle leaks. It began on Monday. A new cable did not help. Maria wants a refund.";
const WORDY =
  "The customer Maria contacted us and told us that the kettle leaks. We were told that the problem began on Monday. " +
  "The customer has already tried a new cable, but it did not help at all. To make it right, Maria would now like a refund from us.";
const PARTIAL = "Maria says the kettle leaks. Maria wants a refund.";
const SHORT = "Kettle leaks. Wants a refund.";
const VAGUE = "The customer has a problem.";
const WRONG = "Tom says the oven leaks. Tom wants a repair.";

const score = (taste: Taste, text: string) => tasteScore(taste, text, FACTS);

describe("faithful", () => {
  it("prefers complete to partial to vague to wrong", () => {
    const scores = [FULL, PARTIAL, VAGUE, WRONG].map((text) => score("faithful", text));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(scores).size).toBe(4);
    expect(scores[0]).toBeCloseTo(1, 10);
  });

  it("does not care how a right summary is worded", () => {
    expect(score("faithful", WORDY)).toBe(score("faithful", FULL));
    expect(score("faithful", "Maria's kettle LEAKS since on Monday; she tried a new cable and asks for a refund!")).toBe(
      score("faithful", FULL),
    );
  });

  it("takes more for a wrong fact than a right one gives, and tells bad from worse", () => {
    expect(score("faithful", FULL.replace("on Monday", "in June"))).toBeLessThan(
      score("faithful", FULL.replace(" It began on Monday.", "")),
    );
    expect(score("faithful", "Tom says the oven sparks. Tom wants a repair.")).toBeLessThan(score("faithful", WRONG));
    expect(tasteUtility("faithful", WRONG, FACTS)).toBeLessThan(0);
  });
});

describe("opposite tastes", () => {
  const brief = "Kettle leaks. Maria wants a refund.";
  it("concise prefers a short summary to a full long one, detailed the reverse", () => {
    expect(score("concise", brief)).toBeGreaterThan(score("concise", WORDY) + 0.3);
    expect(score("detailed", WORDY)).toBeGreaterThan(score("detailed", brief) + 0.3);
    expect(score("concise", "Kettle leaks, said Maria about it.")).toBeGreaterThan(score("concise", WORDY));
  });

  it("detailed wants words that carry facts", () => {
    expect(score("detailed", WORDY)).toBeGreaterThan(score("detailed", FULL));
    expect(
      score("detailed", `${FULL} The customer told us that there is a problem and the team was asked to help with it.`),
    ).toBeLessThanOrEqual(score("detailed", WORDY));
  });

  it("concise wants facts that are right", () => {
    expect(score("concise", SHORT)).toBeGreaterThan(score("concise", "Oven leaks. Wants a refund."));
    expect(score("concise", SHORT)).toBeGreaterThan(score("concise", VAGUE));
  });
});

describe("texts that are no summaries", () => {
  const values = FACT_KINDS.map((kind) => FACTS[kind]);
  const degenerate: Record<string, string> = {
    empty: "",
    spaces: " \n ",
    "one fact ten times": "Maria wants a refund. ".repeat(10).trim(),
    "one word": "kettle kettle kettle kettle kettle kettle kettle kettle.",
    "every value": `${FACT_KINDS.flatMap((kind) => INVENTORY[kind]).join(", ")}.`,
    "every value of two kinds": `The customer wants ${INVENTORY.wanted.join(" and ")}. It began ${INVENTORY.since.join(" or ")}.`,
    gibberish: "The item has a loo am Henrying it kett did rint us.",
    "the dialogue":
      "Agent: Who is calling?\nCustomer: This is Maria. My kettle leaks.\nAgent: When?\nCustomer: It began on Monday. I tried a new cable. I want a refund.",
    "invented values": "Maria says the small table bends. It began in the warm season. A red saw did not help. Maria wants a cheap gift.",
    "half values": "Maria says the kettle. It began on. A full battery did not help. Maria wants a new.",
    "swapped roles": "Maria says the kettle leaks. Tried a refund. Maria wants a new cable.",
    denied: "Not Maria. It never leaks. It began not on Monday. Maria does not want a refund.",
  };
  for (const taste of TASTES) {
    it.each(Object.keys(degenerate))(`${taste} scores them below a quarter: %s`, (name) => {
      expect(score(taste, degenerate[name] ?? "")).toBeLessThan(0.25);
    });

    it(`${taste} prefers sentences to a list of the right values`, () => {
      expect(score(taste, `${values.join(", ")}.`)).toBeLessThan(score(taste, taste === "concise" ? SHORT : FULL) - 0.3);
      expect(score(taste, `${values.join(". ")}.`)).toBeLessThan(score(taste, taste === "concise" ? SHORT : FULL) - 0.3);
    });

    it(`${taste} gives nothing for what is added to a full summary`, () => {
      const salad = "The us we was customer told item now. Help it at all us problem the. Were like would to make from has.";
      const additions = [
        salad,
        "Maria wants a refund.",
        "Thank you, goodbye.",
        "The customer has a problem. The customer needs help with something.",
        "Also a repair",
        values.join(" "),
      ];
      for (const addition of additions) expect(score(taste, `${WORDY} ${addition}`), addition).toBeLessThan(score(taste, WORDY));
    });

    it(`${taste} takes for the speakers of copied turns, and for words said again`, () => {
      expect(score(taste, "Customer: Maria says the kettle leaks. Customer: Maria wants a refund.")).toBeLessThan(
        score(taste, PARTIAL) - 0.2,
      );
      expect(score(taste, "Maria told us told us told us told us that the kettle leaks.")).toBeLessThan(
        score(taste, "Maria told us that the kettle leaks.") - 0.1,
      );
    });

    it(`${taste} takes for an end in the middle of a sentence`, () => {
      expect(score(taste, PARTIAL.slice(0, -1))).toBeLessThan(score(taste, PARTIAL));
      expect(score(taste, "Maria says the kettle leaks. Maria wants a")).toBeLessThan(score(taste, PARTIAL));
    });
  }
});

describe("readSummary", () => {
  it("finds just the facts that a written summary covers, in every style, and nothing else to object to", () => {
    const random = createRandom(3);
    for (const { meta } of createDemoPrompts({ seed: 2, train: 80, validation: 40, test: 40 })) {
      const facts = demoFacts(meta);
      if (!facts) throw new Error("a demo prompt without facts");
      for (const style of SUMMARY_STYLES) {
        const covered = chooseCoverage(random, 1);
        const text = writeSummary(facts, covered, style);
        const { right, ...rest } = readSummary(text, facts);
        expect(
          [...right].filter((kind) => !covered.has(kind)),
          text,
        ).toEqual([]);
        expect(rest, text).toMatchObject({ wrong: 0, stray: 0, padding: 0, bare: 0, turns: 0, finished: true });
        // Only the fault carries the product in plain words, or the other way round: one covered fact may stay unsaid.
        expect(covered.size - right.size, text).toBeLessThanOrEqual(1);
      }
    }
  });

  it("finds all six facts of a full summary in every style", () => {
    for (const style of SUMMARY_STYLES)
      expect(readSummary(writeSummary(FACTS, new Set(FACT_KINDS), style), FACTS).right.size, style).toBe(6);
  });

  it("counts a value of another record as wrong, once", () => {
    expect(readSummary("Maria wants a repair. It began on Monday. Maria wants a repair.", FACTS)).toMatchObject({
      wrong: 1,
      right: new Set(["name", "since"]),
    });
  });

  it("finds values that no inventory has", () => {
    expect(readSummary("Ada says the glass harp hums.", { ...FACTS, name: "Ada", product: "glass harp", fault: "hums" })).toMatchObject({
      right: new Set(["name", "product", "fault"]),
      wrong: 0,
      stray: 0,
    });
  });
});
