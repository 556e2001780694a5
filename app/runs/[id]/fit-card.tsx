"use client";
/** Training and validation side by side: whether the run learnt, or learnt by heart. */
import { useMemo } from "react";
import { type FitSummary, summariseFit } from "@/domain/fit";
import { formatNumber } from "@/domain/run-format";
import type { RunSeries } from "@/domain/run-series";
import { Badge, type Tone } from "../../components/ui/badge";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { CurveChart } from "./curve-chart";
import type { RunDetail } from "./results-tab";

const LOSS = { title: "Loss", metrics: ["loss/train", "loss/validation"] };
const TONES: Record<FitSummary["verdict"], Tone> = { overfitting: "flagged", "still improving": "chosen", level: "neutral" };

function describeFit({ verdict, bestStep, bestValidation, lastStep, lastValidation, trainAtBest, trainAtLast }: FitSummary): string {
  const train =
    trainAtBest === null || trainAtLast === null
      ? ""
      : ` Training loss went from ${formatNumber(trainAtBest)} to ${formatNumber(trainAtLast)} meanwhile.`;
  if (verdict === "still improving")
    return `The last validation, at step ${lastStep}, is the lowest: ${formatNumber(bestValidation)}. More steps may help.`;
  if (verdict === "level")
    return `Validation loss was lowest at step ${bestStep} (${formatNumber(bestValidation)}) and ended at ${formatNumber(lastValidation)}.${train}`;
  return `Validation loss was lowest at step ${bestStep} (${formatNumber(bestValidation)}) and rose to ${formatNumber(lastValidation)} by step ${lastStep}.${train} From there on the model learnt its training rows by heart: keep the best step, or stop early.`;
}

export function FitCard({ run, series }: { run: RunDetail; series: RunSeries }) {
  const sources = useMemo(() => [{ id: run.id, name: run.name, metrics: series.metrics }], [run.id, run.name, series.metrics]);
  const fit = summariseFit(series.metrics.get("loss/train") ?? [], series.metrics.get("loss/validation") ?? []);
  if (fit === null) return null;
  return (
    <Card>
      <CardHeader title="Fit" description={describeFit(fit)} actions={<Badge tone={TONES[fit.verdict]}>{fit.verdict}</Badge>} />
      <CardBody>
        <CurveChart spec={LOSS} sources={sources} smoothing={0} log={false} />
      </CardBody>
    </Card>
  );
}
