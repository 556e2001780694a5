/** Answers that are dear to compute and are asked for again and again, by many people. */
import { LRUCache } from "lru-cache";

type KeptOptions = {
  max: number;
  /** What takes less is computed each time. */
  cheapMs?: number;
  /** Computing never takes more than one part in so many of the time. */
  times?: number;
  now?: () => number;
};

/**
 * Gives what `compute` gave for `key` while that is fresh: for `times` (ten) times as long as it took beyond `cheapMs` (a tenth of a
 * second). Who asks while it is computed waits for the same answer. A failure is not kept.
 */
export function createKept<T>(options: KeptOptions): (key: string, compute: () => Promise<T>) => Promise<T> {
  const { max, cheapMs = 100, times = 10, now = () => performance.now() } = options;
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
        answer.until = end + times * Math.max(0, end - start - cheapMs);
      },
      () => answers.delete(key),
    );
    return answer.value;
  };
}
