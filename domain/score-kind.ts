/** What a score's name ("rouge1", "helm/accuracy", "bench/sst2/accuracy", "sample/sst2/accuracy") tells of, by its prefix. */
export function scoreKind(metric: string): "benchmark" | "helm" | "other" {
  const prefix = metric.slice(0, Math.max(0, metric.indexOf("/")));
  if (prefix === "bench" || prefix === "sample") return "benchmark";
  return prefix === "helm" ? "helm" : "other";
}
