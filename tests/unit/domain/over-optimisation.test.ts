import { expect, it } from "vitest";
import { rewardByDistance } from "../../../domain/over-optimisation";

it("pairs reward and gold score with the distance of their step", () => {
  const metrics = new Map([
    [
      "objective/kl",
      [
        { step: 1, value: -0.01 },
        { step: 2, value: 4 },
        { step: 3, value: 9 },
      ],
    ],
    [
      "objective/scores",
      [
        { step: 1, value: 0.1 },
        { step: 3, value: 1.5 },
      ],
    ],
  ]);
  const gold = { checkpointId: "c", value: 0.6, low: 0.5, high: 0.7 };
  expect(
    rewardByDistance(metrics, [
      { step: 2, ...gold },
      { step: 7, ...gold },
    ]),
  ).toEqual([
    { step: 1, kl: -0.01, distance: 0, reward: 0.1, gold: null },
    { step: 2, kl: 4, distance: 2, reward: null, gold },
    { step: 3, kl: 9, distance: 3, reward: 1.5, gold: null },
  ]);
  expect(rewardByDistance(new Map(), [])).toEqual([]);
});
