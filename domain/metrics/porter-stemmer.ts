/**
 * Porter's stemmer with NLTK's extensions, as rouge_score uses it.
 * Source: Porter 1980, "An algorithm for suffix stripping"; nltk.stem.porter, mode NLTK_EXTENSIONS.
 */

const IRREGULAR: Record<string, string> = {
  sky: "sky",
  skies: "sky",
  dying: "die",
  lying: "lie",
  tying: "tie",
  news: "news",
  innings: "inning",
  inning: "inning",
  outings: "outing",
  outing: "outing",
  cannings: "canning",
  canning: "canning",
  howe: "howe",
  proceed: "proceed",
  exceed: "exceed",
  succeed: "succeed",
};

/** [suffix, replacement, condition on the stem]; the first suffix that fits decides, met or not. */
type Rule = [suffix: string, replacement: string, condition?: (stem: string) => boolean];

function isConsonant(word: string, i: number): boolean {
  const letter = word.charAt(i);
  if ("aeiou".includes(letter)) return false;
  if (letter !== "y") return true;
  return i === 0 || !isConsonant(word, i - 1);
}

/** The number of vowel-consonant sequences. */
function measure(stem: string): number {
  let count = 0;
  for (let i = 1; i < stem.length; i++) if (!isConsonant(stem, i - 1) && isConsonant(stem, i)) count++;
  return count;
}

const positive = (stem: string) => measure(stem) > 0;
const aboveOne = (stem: string) => measure(stem) > 1;
const hasVowel = (stem: string) => [...stem].some((_, i) => !isConsonant(stem, i));
const endsDouble = (word: string) => word.length >= 2 && word.at(-1) === word.at(-2) && isConsonant(word, word.length - 1);

function endsCvc(word: string): boolean {
  const n = word.length;
  if (n === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  return n >= 3 && isConsonant(word, n - 3) && !isConsonant(word, n - 2) && isConsonant(word, n - 1) && !"wxy".includes(word.charAt(n - 1));
}

function applyRules(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, condition] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return condition === undefined || condition(stem) ? stem + replacement : word;
  }
  return word;
}

function step1a(word: string): string {
  if (word.endsWith("ies") && word.length === 4) return word.slice(0, -1);
  return applyRules(word, [
    ["sses", "ss"],
    ["ies", "i"],
    ["ss", "ss"],
    ["s", ""],
  ]);
}

function step1b(word: string): string {
  if (word.endsWith("ied")) return word.length === 4 ? word.slice(0, -1) : word.slice(0, -2);
  if (word.endsWith("eed")) return positive(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const stem = ["ed", "ing"].flatMap((suffix) => (word.endsWith(suffix) ? [word.slice(0, -suffix.length)] : [])).find(hasVowel);
  if (stem === undefined) return word;
  for (const [suffix, replacement] of [
    ["at", "ate"],
    ["bl", "ble"],
    ["iz", "ize"],
  ] as const)
    if (stem.endsWith(suffix)) return stem.slice(0, -2) + replacement;
  if (endsDouble(stem)) return "lsz".includes(stem.charAt(stem.length - 1)) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsCvc(stem) ? `${stem}e` : stem;
}

const step1c = (word: string) => applyRules(word, [["y", "i", (stem) => stem.length > 1 && isConsonant(stem, stem.length - 1)]]);

const STEP2: readonly Rule[] = (
  [
    ["ational", "ate"],
    ["tional", "tion"],
    ["enci", "ence"],
    ["anci", "ance"],
    ["izer", "ize"],
    ["bli", "ble"],
    ["alli", "al"],
    ["entli", "ent"],
    ["eli", "e"],
    ["ousli", "ous"],
    ["ization", "ize"],
    ["ation", "ate"],
    ["ator", "ate"],
    ["alism", "al"],
    ["iveness", "ive"],
    ["fulness", "ful"],
    ["ousness", "ous"],
    ["aliti", "al"],
    ["iviti", "ive"],
    ["biliti", "ble"],
    ["fulli", "ful"],
  ] as const
).map(([suffix, replacement]): Rule => [suffix, replacement, positive]);

function step2(word: string): string {
  if (word.endsWith("alli") && positive(word.slice(0, -4))) return step2(word.slice(0, -2));
  // "logi" counts its own l as part of the stem.
  return applyRules(word, [...STEP2, ["logi", "log", (stem) => positive(`${stem}l`)]]);
}

const STEP3: readonly Rule[] = (
  [
    ["icate", "ic"],
    ["ative", ""],
    ["alize", "al"],
    ["iciti", "ic"],
    ["ical", "ic"],
    ["ful", ""],
    ["ness", ""],
  ] as const
).map(([suffix, replacement]): Rule => [suffix, replacement, positive]);

const STEP4: readonly Rule[] = [
  ...["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"].map((suffix): Rule => [suffix, "", aboveOne]),
  ["ion", "", (stem) => aboveOne(stem) && /[st]$/.test(stem)],
  ...["ou", "ism", "ate", "iti", "ous", "ive", "ize"].map((suffix): Rule => [suffix, "", aboveOne]),
];

function step5(word: string): string {
  let out = word;
  if (out.endsWith("e")) {
    const stem = out.slice(0, -1);
    if (aboveOne(stem) || (measure(stem) === 1 && !endsCvc(stem))) out = stem;
  }
  return out.endsWith("ll") && aboveOne(out.slice(0, -1)) ? out.slice(0, -1) : out;
}

/** The stem of a word; words of one or two letters stay as they are, in lower case. */
export function stemWord(word: string): string {
  const lower = word.toLowerCase();
  const irregular = Object.hasOwn(IRREGULAR, lower) ? IRREGULAR[lower] : undefined;
  if (irregular !== undefined) return irregular;
  if (lower.length <= 2) return lower;
  return step5(applyRules(applyRules(step2(step1c(step1b(step1a(lower)))), STEP3), STEP4));
}
