"use client";
/** Whose votes are looked at, people's or those of simulated annotators, kept in the address bar. */
import { useSearchParams } from "next/navigation";

export function useSimulated(): [boolean, (simulated: boolean) => void] {
  const params = useSearchParams();
  return [
    params.get("votes") === "simulated",
    (simulated) => window.history.replaceState(null, "", simulated ? "?votes=simulated" : window.location.pathname),
  ];
}
