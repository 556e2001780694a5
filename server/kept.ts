/** Answers that are dear to compute and are asked for again and again, by many people. */
import { LRUCache } from "lru-cache";

/** What takes less is computed each time. */
const CHEAP_MS = 100;
/** So that computing never takes more than a tenth of the time. */
const TIMES = 10;

/**
 * Gives what `compute` gave for `key` while that is fresh: for ten times as long as it took beyond a tenth of a second.
 * Who asks while it is computed waits for the same answer. A failure is not kept.
 */
export function createKept<T>(options: { max: number; now?: () => number }): (key: string, compute: () => Promise<T>) => Promise<T> {
  const { max, now = () => performance.now() } = options;
  const answers = new LRUCache<string, { value: Promise<T>; until: number }>({ max });
  return (key, compute) => {
    const known = answers.get(key);
    if (known !== undefined && now() < known.until) return known.value;
    const start = now();
    const answer = { value: compute(), until: Number.POSITIVE_INFINITY };
    answers.set(key, answer);
    answer.value.then(
      () => {
        const end = now();
        answer.until = end + TIMES * Math.max(0, end - start - CHEAP_MS);
      },
      () => answers.delete(key),
    );
    return answer.value;
  };
}
