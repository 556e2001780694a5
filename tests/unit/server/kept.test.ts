import { describe, expect, it } from "vitest";
import { createKept } from "../../../server/kept";

function createClock() {
  let now = 0;
  return { now: () => now, pass: (ms: number) => (now += ms) };
}

describe("what is dear to compute", () => {
  it("is kept for ten times as long as it took beyond a tenth of a second", async () => {
    const clock = createClock();
    const kept = createKept<number>({ max: 10, now: clock.now });
    let computed = 0;
    const ask = (took: number) =>
      kept("a", async () => {
        clock.pass(took);
        return ++computed;
      });
    expect(await ask(300)).toBe(1);
    clock.pass(1999);
    expect(await ask(300)).toBe(1);
    clock.pass(1);
    expect(await ask(50)).toBe(2);
    expect(await ask(50)).toBe(3);
  });

  it("is computed once for all who ask meanwhile, each key for itself", async () => {
    const kept = createKept<string>({ max: 10 });
    let computed = 0;
    const compute = (value: string) => async () => {
      computed++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return value;
    };
    expect(await Promise.all([kept("a", compute("a")), kept("a", compute("x")), kept("b", compute("b"))])).toEqual(["a", "a", "b"]);
    expect(computed).toBe(2);
  });

  it("is asked for again after a failure", async () => {
    const kept = createKept<string>({ max: 10 });
    await expect(kept("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await kept("a", async () => "yes")).toBe("yes");
  });
});
