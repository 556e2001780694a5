/**
 * What the annotator's browser keeps: one key for each thing, under the person it belongs to, so that two tabs never
 * write over each other's. Without storage (private windows, a full disk) things last as long as the page.
 */
import type { z } from "zod";

export type KeyedStorage = {
  get(key: string): string | null;
  /** False when it could only be kept in memory. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  /** Keys that begin with `prefix`, in no order. */
  keys(prefix: string): string[];
};

/** `open` gives the browser's storage; reading it may already throw. */
export function createStorage(open: () => Storage): KeyedStorage {
  const memory = new Map<string, string>();
  const attempt = <T>(use: (storage: Storage) => T, otherwise: T): T => {
    try {
      return use(open());
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key), null),
    set(key, value) {
      const stored = attempt((storage) => {
        storage.setItem(key, value);
        return true;
      }, false);
      if (stored) memory.delete(key);
      else memory.set(key, value);
      return stored;
    },
    remove(key) {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key), undefined);
    },
    keys(prefix) {
      const stored = attempt((storage) => Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? ""), []);
      return [...new Set([...stored, ...memory.keys()])].filter((key) => key.startsWith(prefix));
    },
  };
}

/** Reads JSON of `schema`; null for nothing and for what an older version of the page left. */
export function readJson<T>(storage: KeyedStorage, key: string, schema: z.ZodType<T>): T | null {
  const text = storage.get(key);
  if (text === null) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Lasts until it is removed. */
export const lasting = createStorage(() => window.localStorage);
/** Lasts as long as the tab. */
export const ofTab = createStorage(() => window.sessionStorage);
