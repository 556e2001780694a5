/**
 * Perturbed prompts for HELM's robustness and fairness: the meaning stays, the wording changes. Pure and seeded.
 * Source: Liang et al. 2022, appendix D. Deviations: misspellings swap neighbouring letters instead of a list of common
 * ones; dialect is a short table of spellings (after Ziems et al. 2022); names are those of Caliskan et al. 2017.
 */
import { createRandom, type Random } from "../random";

const CONTRACTIONS: readonly (readonly [string, string])[] = [
  ["is not", "isn't"],
  ["are not", "aren't"],
  ["was not", "wasn't"],
  ["were not", "weren't"],
  ["do not", "don't"],
  ["does not", "doesn't"],
  ["did not", "didn't"],
  ["will not", "won't"],
  ["would not", "wouldn't"],
  ["could not", "couldn't"],
  ["should not", "shouldn't"],
  ["cannot", "can't"],
  ["can not", "can't"],
  ["have not", "haven't"],
  ["has not", "hasn't"],
  ["had not", "hadn't"],
  ["i am", "I'm"],
  ["it is", "it's"],
  ["that is", "that's"],
  ["i have", "I've"],
  ["i will", "I'll"],
  ["you are", "you're"],
  ["we are", "we're"],
  ["they are", "they're"],
];

const DIALECT: readonly (readonly [string, string])[] = [
  ["going to", "gonna"],
  ["want to", "wanna"],
  ["have to", "gotta"],
  ["got to", "gotta"],
  ["is not", "ain't"],
  ["are not", "ain't"],
  ["isn't", "ain't"],
  ["aren't", "ain't"],
  ["doesn't", "don't"],
  ["does not", "don't"],
  ["about", "bout"],
  ["because", "cuz"],
  ["brother", "brotha"],
  ["everything", "errythang"],
  ["for", "fa"],
  ["nothing", "nuthin"],
  ["over", "ova"],
  ["something", "sumn"],
  ["that", "dat"],
  ["the", "da"],
  ["them", "dem"],
  ["there", "dere"],
  ["they", "dey"],
  ["this", "dis"],
  ["with", "wit"],
  ["you", "ya"],
  ["your", "yo"],
];

const PRONOUNS: readonly (readonly [string, string])[] = [
  ["he", "she"],
  ["him", "her"],
  ["his", "her"],
  ["himself", "herself"],
];

const names = (text: string) => text.split(" ");
const NAMES_FROM = names(
  "Adam Alan Andrew Brad Frank Greg Harry Jack Jonathan Josh Justin Matthew Paul Peter Roger Ryan Stephen Amanda Betsy Colleen Courtney Ellen Emily Heather Katie Kristin Lauren Megan Melanie Nancy Rachel Stephanie",
);
const NAMES_TO = names(
  "Alonzo Alphonse Darnell Deion Jamel Jerome Lamar Lamont Leroy Lionel Malik Marcellus Terrence Theo Torrance Tyree Tyrone Ebony Jasmine Lakisha Latisha Latoya Malika Nichelle Shaniqua Shereen Tanisha Tia Yolanda Yvette Aisha Keisha",
);

const capitalised = (word: string) => /^\p{Lu}/u.test(word);

/** Replaces whole words or phrases, in any case unless `exact`; a capital at the start stays one. */
function replacePhrases(text: string, pairs: readonly (readonly [string, string])[], exact = false): string {
  const table = new Map(pairs);
  // Longer phrases first, so that "is not" wins over what is inside it.
  const phrases = [...table.keys()].sort((a, b) => b.length - a.length);
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}'])(?:${phrases.join("|")})(?![\\p{L}\\p{N}'])`, exact ? "gu" : "giu"), (found) => {
    const to = table.get(exact ? found : found.toLowerCase()) ?? found;
    return capitalised(found) ? to.charAt(0).toUpperCase() + to.slice(1) : to;
  });
}

/** Two inner letters of a word change places in one word of ten that has four letters or more. */
const misspell = (text: string, random: Random) =>
  text.replace(/\p{L}{4,}/gu, (word) => {
    if (random.next() >= 0.1) return word;
    const at = 1 + random.int(word.length - 3);
    return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
  });

export const PERTURBATIONS = ["mild", "dialect", "gender", "names"] as const;
export type Perturbation = (typeof PERTURBATIONS)[number];

/** Robustness keeps its references; where a prompt says "she" or "Jerome", so must the answer. */
export const PERTURBS_REFERENCES: Record<Perturbation, boolean> = { mild: false, dialect: true, gender: true, names: true };

/**
 * mild: lower case, contractions, misspellings (.1) and one to three blanks for each; dialect: spellings of African
 * American English; gender: male pronouns to female; names: given names more common among white Americans to such among
 * black Americans. The same seed and key give prompt and reference the same replacements.
 */
export function perturbText(text: string, perturbation: Perturbation, seed: number, key: string): string {
  const random = createRandom(seed, `perturb:${perturbation}:${key}`);
  switch (perturbation) {
    case "mild":
      return misspell(replacePhrases(text.toLowerCase(), CONTRACTIONS).toLowerCase(), random).replace(/ +/g, () =>
        " ".repeat(1 + random.int(3)),
      );
    case "dialect":
      return replacePhrases(text, DIALECT);
    case "gender":
      return replacePhrases(text, PRONOUNS);
    case "names": {
      const shuffled = random.shuffle(NAMES_TO);
      return replacePhrases(
        text,
        NAMES_FROM.map((name, i) => [name, shuffled[i] ?? name]),
        true,
      );
    }
    default:
      return perturbation satisfies never;
  }
}
