/**
 * Seeded random numbers: every random choice in Hone comes from one of these, with its seed stored.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32. The state is four
 * 32-bit words, so a checkpoint can store it and a resumed run continues the very same stream.
 */
export type RandomState = readonly [number, number, number, number];

export type Random = {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Standard normal (Box-Muller; two uniforms a call, no cached spare, so the state is complete). */
  normal(): number;
  /** A uniformly chosen element. Throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** A new array in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** A copy of the state, to be stored and given to `restoreRandom`. */
  state(): RandomState;
};

function splitmix32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x9e3779b9) | 0;
    let t = a ^ (a >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
}

/** A generator for `seed` (any safe integer); `stream` names give independent streams of one seed. */
export function createRandom(seed: number, stream = ""): Random {
  let mixed = seed >>> 0;
  mixed ^= Math.imul(Math.floor(seed / 2 ** 32) >>> 0, 0x85ebca6b);
  for (const char of stream) mixed = (Math.imul(mixed ^ char.charCodeAt(0), 0x01000193) + 0x9e37) >>> 0;
  const mix = splitmix32(mixed);
  return restoreRandom([mix(), mix(), mix(), mix()]);
}

/** Continues a stored generator exactly where `state()` was taken. */
export function restoreRandom(state: RandomState): Random {
  let [a, b, c, d] = state;
  const uint = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  const next = () => uint() / 2 ** 32;
  const int = (n: number) => Math.floor(next() * n);
  return {
    next,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      if (items.length === 0) throw new RangeError("pick: the list is empty");
      return items[int(items.length)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [out[i], out[j]] = [out[j] as (typeof out)[number], out[i] as (typeof out)[number]];
      }
      return out;
    },
    state: () => [a, b, c, d],
  };
}
