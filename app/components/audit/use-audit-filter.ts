"use client";
/** The filters of the log, kept in the address bar; what makes no sense there is left out. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";
import { auditFilterSchema } from "@/domain/audit";

const KEYS = ["actorId", "action", "from", "to"] as const;
type Key = (typeof KEYS)[number];
const valuesSchema = auditFilterSchema.omit({ projectId: true });

export function useAuditFilter() {
  const params = useSearchParams();
  const given = KEYS.flatMap((key) => {
    const parsed = valuesSchema.pick({ [key]: true } as { [K in Key]: true }).safeParse({ [key]: params.get(key) ?? undefined });
    return parsed.success ? Object.entries(parsed.data).filter(([, value]) => value !== undefined) : [];
  });
  const filter = valuesSchema.parse(Object.fromEntries(given));
  const change = useCallback(
    (values: Partial<Record<Key, string>>) => {
      const next = new URLSearchParams(params);
      for (const [key, value] of Object.entries(values)) value === "" ? next.delete(key) : next.set(key, value);
      // Not router.replace: the server has nothing new to say about the page.
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return { filter, query: new URLSearchParams(given as [string, string][]).toString(), change };
}
