/**
 * How long somebody worked on an item. Time counts as active until 30 s after the last input; what
 * follows, and all time in a hidden tab, is idle. Times in ms of one clock that never goes back.
 */

export const IDLE_AFTER_MS = 30_000;

export type Attention = {
  activeMs: number;
  idleMs: number;
  /** Up to when time is counted. */
  countedTo: number;
  lastInput: number;
  hidden: boolean;
};

export function startAttention(now: number, hidden = false): Attention {
  return { activeMs: 0, idleMs: 0, countedTo: now, lastInput: now, hidden };
}

/** Counts the time up to `now`. */
export function countTime(attention: Attention, now: number): Attention {
  const from = attention.countedTo;
  if (now <= from) return attention;
  const activeTo = attention.hidden ? from : Math.min(now, Math.max(from, attention.lastInput + IDLE_AFTER_MS));
  return {
    ...attention,
    activeMs: attention.activeMs + (activeTo - from),
    idleMs: attention.idleMs + (now - activeTo),
    countedTo: now,
  };
}

/** A key, a tap, a move or a scroll at `now`. */
export function noteInput(attention: Attention, now: number): Attention {
  return { ...countTime(attention, now), lastInput: now };
}

/** The tab was hidden or shown at `now`; showing it is an input. */
export function noteHidden(attention: Attention, now: number, hidden: boolean): Attention {
  return { ...countTime(attention, now), hidden, lastInput: hidden ? attention.lastInput : now };
}

/** Somebody is at work: the tab is seen and was used within the last `withinMs`. */
export function isAttentive(attention: Attention, now: number, withinMs = IDLE_AFTER_MS): boolean {
  return !attention.hidden && now - attention.lastInput <= withinMs;
}
