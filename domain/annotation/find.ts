/** Finding words in a text, whatever their case. */

const MAX_MATCHES = 1000;

/** Where `query` begins in `text`, at most 1,000 places; none for an empty query. */
export function findMatches(text: string, query: string): number[] {
  if (query.trim() === "") return [];
  const lower = text.toLowerCase();
  // A few letters change their length with their case: then only the same case is found.
  const [within, wanted] = lower.length === text.length ? [lower, query.toLowerCase()] : [text, query];
  const places: number[] = [];
  for (let at = within.indexOf(wanted); at >= 0 && places.length < MAX_MATCHES; at = within.indexOf(wanted, at + wanted.length))
    places.push(at);
  return places;
}
