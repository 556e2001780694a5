/**
 * Customer-support dialogues with summaries: a record of six facts, the conversation that mentions each of them
 * once, and summaries that cover some of them in one of three styles.
 *
 * Held-out dialogues are new in their wordings and in what they bring together: name with product, product with fault.
 */
import type { Random } from "../random";
import { FACT_KINDS, type FactKind, INVENTORY, valuesOf } from "./inventory";

export type Facts = Record<FactKind, string>;

export type SummaryStyle = "terse" | "plain" | "wordy";
export const SUMMARY_STYLES: readonly SummaryStyle[] = ["terse", "plain", "wordy"];

/**
 * Wordings of a turn: {x} is the fact x, {wrong} a value that the agent mistakes for it. The last `heldOut` are
 * kept for validation and test prompts; the pretraining corpus uses all of them.
 */
const TURNS = {
  open: {
    heldOut: 3,
    wordings: [
      "Agent: Hello, who is calling?\nCustomer: This is {name}.",
      "Agent: Good day, your name please?\nCustomer: My name is {name}.",
      "Customer: Hi, {name} here.\nAgent: Hi, what can I do for you?",
      "Agent: Welcome, who am I talking to?\nCustomer: I am {name}.",
      "Customer: Hello, it is {name} again.\nAgent: Nice to hear from you.",
      "Customer: {name} is my name.\nAgent: How can I help?",
      "Agent: May I have your name?\nCustomer: Sure, {name}.",
      "Customer: You are talking to {name}.",
      "Agent: Hello.\nCustomer: Hello, {name} on the phone.",
      "Agent: Is that {name}?\nCustomer: Yes, I need help.",
      "Agent: Support desk, hello.\nCustomer: Hello, {name} speaking.",
      "Customer: Good morning, I am called {name}.\nAgent: Good morning, how can I help?",
      "Agent: Whom do I speak to?\nCustomer: To {name}.",
    ],
  },
  fault: {
    heldOut: 3,
    wordings: [
      "Customer: My {product} {fault}.",
      "Customer: I bought a {product} and it {fault}.",
      "Agent: What is wrong?\nCustomer: The {product} {fault}.",
      "Customer: There is a problem, the {product} {fault}.",
      "Agent: Which item is it?\nCustomer: The {product}. It {fault}.",
      "Customer: It is about the {product}. It {fault}.",
      "Agent: What happened?\nCustomer: The {product} that I have {fault}.",
      "Customer: Sadly this {product} {fault}.",
      "Agent: So your {product} is broken?\nCustomer: Yes, it {fault}.",
      "Customer: I have a {product}. The trouble is, it {fault}.",
      "Customer: I use the {product} a lot and now it {fault}.",
      "Agent: Tell me more.\nCustomer: Well, our {product} {fault}.",
      "Customer: Look, the new {product} {fault}.",
    ],
  },
  faultMistaken: {
    heldOut: 2,
    wordings: [
      "Agent: Is it about the {wrong}?\nCustomer: No, the {product}. It {fault}.",
      "Agent: I see you own a {wrong}.\nCustomer: Yes, but my {product} {fault}.",
      "Customer: The {wrong} is fine, but the {product} {fault}.",
      "Agent: The {wrong}, right?\nCustomer: No, I mean the {product}. It {fault}.",
      "Customer: I like my {wrong}, but the {product} {fault}.",
      "Agent: So the {wrong} again?\nCustomer: Not this time, the {product} {fault}.",
      "Customer: Forget the {wrong}, the {product} {fault}.",
    ],
  },
  since: {
    heldOut: 3,
    wordings: [
      "Agent: When did it begin?\nCustomer: It began {since}.",
      "Customer: It started {since}.",
      "Agent: Since when?\nCustomer: I saw it first {since}.",
      "Customer: It happened {since}.",
      "Agent: When was that?\nCustomer: That was {since}.",
      "Customer: I think it came {since}.",
      "Agent: Was it always so?\nCustomer: No, only {since} it began.",
      "Customer: All was well, then {since} it began.",
      "Agent: How long has this been going on?\nCustomer: I noticed it {since}.",
      "Customer: The trouble came {since}.",
      "Agent: On which day?\nCustomer: I would say {since}.",
    ],
  },
  tried: {
    heldOut: 3,
    wordings: [
      "Customer: I tried {tried}, no luck.",
      "Agent: What have you tried?\nCustomer: I tried {tried}.",
      "Customer: Even {tried} did not help.",
      "Agent: Did you do anything about it?\nCustomer: Yes, {tried}.",
      "Customer: So far I tried {tried}.",
      "Agent: And then?\nCustomer: Then I tried {tried}.",
      "Customer: After {tried} it was the same.",
      "Agent: Have you tried {tried}?\nCustomer: Yes, that did not work.",
      "Agent: Any attempt to fix it?\nCustomer: Only {tried}.",
      "Customer: My first idea was {tried}, but no.",
      "Customer: It did not get better with {tried}.",
    ],
  },
  triedMistaken: {
    heldOut: 1,
    wordings: [
      "Agent: Please try {wrong}.\nCustomer: I only did {tried}.",
      "Agent: Was it {wrong}?\nCustomer: No, I tried {tried}.",
      "Agent: How about {wrong}?\nCustomer: Not yet, I tried {tried}.",
      "Customer: Not {wrong}, but I did try {tried}.",
      "Agent: I would suggest {wrong}.\nCustomer: So far it was {tried}.",
    ],
  },
  wanted: {
    heldOut: 3,
    wordings: [
      "Agent: What would you like?\nCustomer: I want {wanted}.",
      "Customer: I would like {wanted}.",
      "Agent: How can we make it right?\nCustomer: With {wanted}.",
      "Customer: Please give me {wanted}.",
      "Agent: What can I offer you?\nCustomer: I hope for {wanted}.",
      "Customer: Can I have {wanted}?",
      "Agent: Would {wanted} be fine?\nCustomer: Yes, I want that.",
      "Customer: All I need is {wanted}.",
      "Agent: What do you expect from us?\nCustomer: I expect {wanted}.",
      "Customer: The best would be {wanted}.",
      "Customer: I ask you for {wanted}.",
    ],
  },
  wantedMistaken: {
    heldOut: 1,
    wordings: [
      "Agent: I can offer {wrong}.\nCustomer: No, I want {wanted}.",
      "Agent: Do you need {wrong}?\nCustomer: I would rather have {wanted}.",
      "Agent: Would {wrong} do?\nCustomer: No, please {wanted}.",
      "Customer: I do not want {wrong}, I want {wanted}.",
      "Agent: Shall I arrange {wrong}?\nCustomer: No thanks, {wanted} please.",
    ],
  },
  close: {
    heldOut: 0,
    wordings: ["", "Agent: I will look into it.", "Agent: Thank you, noted.", "Agent: All right.", "Agent: We will write to you."],
  },
} satisfies Record<string, { heldOut: number; wordings: string[] }>;

export const SUMMARY_INSTRUCTION = "Summarise the conversation.";

const fill = (template: string, values: Record<string, string>) => template.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? "");

/** Which wordings a dialogue may use: those of the training prompts, those kept for validation and test, or any. */
export type Wordings = "training" | "held-out" | "any";

function wording(turn: keyof typeof TURNS, use: Wordings, random: Random): string {
  const { wordings, heldOut: kept } = TURNS[turn];
  const known = wordings.length - kept;
  if (use === "any" || kept === 0) return random.pick(wordings);
  return random.pick(use === "held-out" ? wordings.slice(known) : wordings.slice(0, known));
}

/** One pair in four is kept for validation and test prompts: these products with these names and faults. */
function isHeldOutPair(kind: "name" | "fault", facts: Facts): boolean {
  return (INVENTORY[kind].indexOf(facts[kind]) + INVENTORY.product.indexOf(facts.product)) % 4 === 3;
}

/**
 * A record. That of a held-out prompt has a name and a product, and a product and a fault, which no training prompt
 * brings together; the single values are those of training ("any" pairs them freely: the pretraining corpus).
 */
export function createFacts(random: Random, use: "training" | "held-out" | "any"): Facts {
  while (true) {
    const facts = Object.fromEntries(FACT_KINDS.map((kind) => [kind, random.pick(valuesOf(kind, false))])) as Facts;
    const pairs = [isHeldOutPair("name", facts), isHeldOutPair("fault", facts)];
    if (use === "any" || pairs.every((heldOut) => heldOut === (use === "held-out"))) return facts;
  }
}

/** The conversation, each fact once; one turn in four has the agent mistake a value first. */
export function createDialogue(facts: Facts, random: Random, use: Wordings): string {
  const turn = (base: "fault" | "tried" | "wanted", kind: FactKind): string => {
    const mistaken = random.next() < 0.25;
    const others = use === "held-out" ? INVENTORY[kind] : valuesOf(kind, false);
    const wrong = random.pick(others.filter((value) => value !== facts[kind]));
    return fill(wording(mistaken ? `${base}Mistaken` : base, use, random), { ...facts, wrong });
  };
  const middle = [fill(wording("since", use, random), facts), turn("tried", "tried")];
  return [
    fill(wording("open", use, random), facts),
    turn("fault", "product"),
    ...(random.next() < 0.5 ? middle : middle.reverse()),
    turn("wanted", "wanted"),
    wording("close", use, random),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Sentences of each style; those about a fact that is not covered are left out. */
export function writeSummary(facts: Facts, covered: ReadonlySet<FactKind>, style: SummaryStyle): string {
  const { name, product, fault, since, tried, wanted } = facts;
  const has = (kind: FactKind) => covered.has(kind);
  const who = has("name") ? name : "The customer";
  const thing = has("product") ? `the ${product}` : "the item";
  const sentences: string[] = [];
  switch (style) {
    case "terse": {
      const core = has("product") ? capital(product) : "Item";
      if (has("fault") || has("product")) sentences.push(has("fault") ? `${core} ${fault}.` : `${core} trouble.`);
      if (has("since")) sentences.push(`Began ${since}.`);
      if (has("tried")) sentences.push(`Tried ${tried}.`);
      if (has("wanted")) sentences.push(has("name") ? `${name} wants ${wanted}.` : `Wants ${wanted}.`);
      else if (has("name")) sentences.push(`From ${name}.`);
      break;
    }
    case "plain":
      sentences.push(has("fault") ? `${who} says ${thing} ${fault}.` : `${who} has trouble with ${thing}.`);
      if (has("since")) sentences.push(`It began ${since}.`);
      if (has("tried")) sentences.push(`${capital(tried)} did not help.`);
      if (has("wanted")) sentences.push(`${who} wants ${wanted}.`);
      break;
    case "wordy":
      sentences.push(
        has("fault")
          ? `The customer${has("name") ? ` ${name}` : ""} contacted us and told us that ${thing} ${fault}.`
          : `The customer${has("name") ? ` ${name}` : ""} contacted us about ${thing}.`,
      );
      if (has("since")) sentences.push(`We were told that the problem began ${since}.`);
      if (has("tried")) sentences.push(`The customer has already tried ${tried}, but it did not help at all.`);
      if (has("wanted"))
        sentences.push(`To make it right, ${who === "The customer" ? "the customer" : who} would now like ${wanted} from us.`);
      break;
    default:
      return style satisfies never;
  }
  return sentences.join(" ");
}

/** A random set of facts that a summary covers: `least` to six of them. */
export function chooseCoverage(random: Random, least: number): Set<FactKind> {
  const count = least + random.int(FACT_KINDS.length - least + 1);
  return new Set(random.shuffle(FACT_KINDS).slice(0, count));
}
