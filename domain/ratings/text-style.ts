/** What a text looks like, for style control. Source: the features of Li, Angelopoulos & Chiang 2024; length in characters instead of tokens. */

export const STYLE_NAMES = ["Length", "Headings", "Lists", "Bold"] as const;

/** Characters, Markdown headings, list items and bold passages. */
export function measureStyle(text: string): number[] {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return [text.length, count(/^#{1,6}\s/gm), count(/^\s*(?:[-*+]|\d+[.)])\s/gm), count(/\*\*[^*\n]+\*\*|__[^_\n]+__/g)];
}
