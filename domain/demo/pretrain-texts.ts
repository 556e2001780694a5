/**
 * The pretraining corpus: three fifths summaries of mixed quality, the rest the other tasks. About a quarter of the
 * summaries is wrong somewhere, vague, or cut off: the base model is meant to be mediocre, as real ones are before
 * fine-tuning. All wordings occur in its dialogues.
 */
import type { Message } from "../prompt";
import { createRandom, type Random } from "../random";
import { FACT_KINDS, type FactKind, OPEN_WORDS, valuesOf } from "./inventory";
import { createCode, createPlaces, createRepeat, createReview } from "./other-tasks";
import { chooseCoverage, createDialogue, createFacts, type Facts, SUMMARY_INSTRUCTION, SUMMARY_STYLES, writeSummary } from "./support";

export type InstructionExample = { messages: Message[]; completion: string };

const ask = (content: string): Message[] => [{ role: "user", content }];

const VAGUE = [
  "The customer has a problem.",
  "Someone called about an item.",
  "A customer needs help with something.",
  "There was a call.",
];

/** A value of a kind that is in no inventory. */
function createOpenValue(kind: FactKind, random: Random): string {
  const { name, adjective, noun, verb, adverb, action } = OPEN_WORDS;
  switch (kind) {
    case "name":
      return random.pick(name);
    case "product":
      return random.next() < 0.5 ? random.pick(noun) : `${random.pick(adjective)} ${random.pick(noun)}`;
    case "fault":
      return random.next() < 0.5 ? random.pick(verb) : `${random.pick(verb)} ${random.pick(adverb)}`;
    case "since":
      return random.pick([
        `on day ${1 + random.int(30)}`,
        `in the ${random.pick(adjective)} season`,
        `before the ${random.pick(noun)} came`,
        `${2 + random.int(8)} hours ago`,
      ]);
    case "tried":
      return random.next() < 0.5 ? `${random.pick(action)} it` : `a ${random.pick(adjective)} ${random.pick(noun)}`;
    case "wanted":
      return `a ${random.pick(random.next() < 0.5 ? noun : adjective)} ${random.pick(["gift", "letter", "price", "lesson", "answer", "deal", "card", "model"])}`;
    default:
      return kind satisfies never;
  }
}

/** Half of the values are of the training inventory. */
function createPretrainFacts(random: Random): Facts {
  const facts = createFacts(random, "any");
  for (const kind of FACT_KINDS) if (random.next() < 0.5) facts[kind] = createOpenValue(kind, random);
  return facts;
}

/** A summary as the internet would write it: three in four are right, with any coverage from one fact on. */
function createMixedSummary(facts: Facts, random: Random): string {
  const covered = chooseCoverage(random, 1);
  const style = random.pick(SUMMARY_STYLES);
  const luck = random.next();
  if (luck < 0.74) return writeSummary(facts, covered, style);
  if (luck < 0.81) return random.pick(VAGUE);
  if (luck < 0.93) {
    const wrong: Facts = { ...facts };
    const kinds = random.shuffle(FACT_KINDS).slice(0, 1 + random.int(2));
    for (const kind of kinds) wrong[kind] = random.pick(valuesOf(kind, false));
    return writeSummary(wrong, covered, style);
  }
  const words = writeSummary(facts, covered, style).split(" ");
  return words.slice(0, Math.max(2, random.int(words.length))).join(" ");
}

/** `count` examples of one seed. */
export function createPretrainTexts(seed: number, count: number): InstructionExample[] {
  const random = createRandom(seed, "pretrain-texts");
  return Array.from({ length: count }, () => {
    const task = random.next();
    if (task < 0.6) {
      const facts = createPretrainFacts(random);
      const dialogue = createDialogue(facts, random, "any");
      return { messages: ask(`${SUMMARY_INSTRUCTION}\n\n${dialogue}`), completion: createMixedSummary(facts, random) };
    }
    const create = task < 0.7 ? createReview : task < 0.8 ? createCode : task < 0.9 ? createPlaces : createRepeat;
    const { instruction, completion } = create(random);
    return { messages: ask(instruction), completion };
  });
}
