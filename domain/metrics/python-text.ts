/** Python's idea of white space, which the reference implementations split by: it has U+001C..1F and U+0085 and lacks U+FEFF. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORDS = new RegExp(`[^${SPACE}]+`, "g");
const SPACES = new RegExp(`[${SPACE}]+`, "g");
const TRAILING = new RegExp(`[${SPACE}]$`);

/** str.split() */
export const splitWords = (text: string): string[] => text.match(WORDS) ?? [];

/** str.rstrip() */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && TRAILING.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** "".join(str.split()) */
export const removeSpaces = (text: string): string => text.replace(SPACES, "");
