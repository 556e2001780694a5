/** Texts between which a reader could not choose: the same but for white space, or one the other cut off. */

const readable = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim();

/** A text that ends within a sentence, as one does that ran into its limit of tokens. */
const endsMidSentence = (text: string) => !/[.!?…。！？؟।:;)\]}>"'”’»`*_|~]$/u.test(text);

/**
 * "identical" but for white space; "cut" where one is the beginning of the other and ends within a sentence, so that
 * they differ only by where they were cut; null for texts that can be told apart. A short answer that is complete and a
 * long one that begins with it are two answers.
 */
export function findSameness(a: string, b: string): "identical" | "cut" | null {
  const [short, long] = [readable(a), readable(b)].sort((x, y) => x.length - y.length) as [string, string];
  if (short === long) return "identical";
  const body = short.replace(/(\.{3}|…)$/, "").trimEnd();
  const cut = body !== short || endsMidSentence(short);
  return cut && body !== "" && long.startsWith(body) ? "cut" : null;
}
