/** The other three instruction tasks of the demo corpus: reviews with ratings, words to Python, places in a sentence. */
import type { Random } from "../random";
import { FACT_KINDS, type FactKind, INVENTORY, PLACES } from "./inventory";

export type InstructionText = { instruction: string; completion: string };

/** The values that texts are written from: by default all of them. */
export type TaskValues = { of(kind: FactKind): readonly string[]; places: readonly string[] };

const ALL_VALUES: TaskValues = { of: (kind) => INVENTORY[kind], places: PLACES };

const OPINIONS: Record<number, string[]> = {
  1: ["awful, it broke at once", "a waste of money", "the worst I ever had", "terrible, send it back"],
  2: ["weak, I had hoped for more", "poor, but it runs", "below what I expected", "not good"],
  3: ["fine, nothing more", "average for the price", "all right, some flaws", "so so"],
  4: ["good, with one small flaw", "quite nice to use", "solid and well made", "better than expected"],
  5: ["great, I love it", "perfect in every way", "the best I ever had", "wonderful, buy it"],
};

/** "Rate the review from 1 to 5." */
export function createReview(random: Random, values = ALL_VALUES): InstructionText {
  const rating = 1 + random.int(5);
  const opinion = random.pick(OPINIONS[rating] ?? []);
  const product = random.pick(values.of("product"));
  const name = random.pick(values.of("name"));
  const text = random.pick([
    `The ${product} is ${opinion}.`,
    `${name} writes: my ${product}, ${opinion}.`,
    `I got this ${product} ${random.pick(values.of("since"))}: ${opinion}.`,
  ]);
  return { instruction: `Rate the review from 1 to 5.\n${text}`, completion: String(rating) };
}

const OPERATIONS = [
  ["adds", "+", "to"],
  ["subtracts", "-", "from"],
  ["multiplies", "*", "with"],
] as const;

/** "Write it in Python." */
export function createCode(random: Random): InstructionText {
  const [a, b] = random.shuffle(["a", "b", "x", "y", "n", "m"]) as [string, string];
  const constant = 1 + random.int(9);
  const kind = random.int(4);
  if (kind === 0) {
    const [verb, operator] = random.pick(OPERATIONS);
    return {
      instruction: `Write it in Python.\nA function f that ${verb} ${a} and ${b}.`,
      completion: `def f(${a}, ${b}):\n    return ${a} ${operator} ${b}`,
    };
  }
  if (kind === 1)
    return {
      instruction: `Write it in Python.\nA function f that gives ${a} times ${constant}.`,
      completion: `def f(${a}):\n    return ${a} * ${constant}`,
    };
  if (kind === 2)
    return {
      instruction: `Write it in Python.\nPrint the numbers from 0 to ${constant}.`,
      completion: `for i in range(${constant + 1}):\n    print(i)`,
    };
  return {
    instruction: `Write it in Python.\nThe list of all ${a} in ${b} above ${constant}.`,
    completion: `[${a} for ${a} in ${b} if ${a} > ${constant}]`,
  };
}

/** "Name the places." */
export function createPlaces(random: Random, values = ALL_VALUES): InstructionText {
  const [first, second] = random.shuffle(values.places) as [string, string];
  const name = random.pick(values.of("name"));
  const product = random.pick(values.of("product"));
  const two = random.next() < 0.5;
  const text = two
    ? random.pick([
        `${name} went from ${first} to ${second}.`,
        `${name} sent the ${product} from ${first} to ${second}.`,
        `The ${product} was made in ${first} and sold in ${second}.`,
      ])
    : random.pick([
        `${name} lives in ${first}.`,
        `The ${product} came from ${first}.`,
        `${name} met a friend in ${first} ${random.pick(values.of("since"))}.`,
        `In ${first}, ${name} asked for ${random.pick(values.of("wanted"))}.`,
      ]);
  return { instruction: `Name the places.\n${text}`, completion: two ? `${first}, ${second}` : first };
}

/** Lists of values of the whole inventory, held-out ones included, so that they are known words: say it again. */
export function createRepeat(random: Random): InstructionText {
  const values = Array.from({ length: 1 + random.int(5) }, () => random.pick(INVENTORY[random.pick(FACT_KINDS)]));
  const sentence = `${values.join(", ")}.`;
  return { instruction: `Say it again.\n${sentence}`, completion: sentence };
}
