"use client";
/** What the model said at a step: one row a prompt. */
import { ChevronLeft, ChevronRight, MessagesSquare } from "lucide-react";
import { useState } from "react";
import type { RunKind } from "@/domain/run";
import { STEP_UNITS } from "@/domain/run-estimate";
import { formatNumber } from "@/domain/run-format";
import type { RunSeries } from "@/domain/run-series";
import { Button } from "../../components/ui/button";
import { Card, CardHeader } from "../../components/ui/card";
import { EmptyState } from "../../components/ui/empty-state";
import { Select } from "../../components/ui/field";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";

export function SamplesTab({ samples, kind }: { samples: RunSeries["samples"]; kind: RunKind }) {
  const [chosen, setChosen] = useState<number | null>(null);
  if (samples.length === 0) {
    return (
      <Card>
        <EmptyState icon={<MessagesSquare aria-hidden="true" />} title="No samples yet">
          {kind === "reward"
            ? "A reward model scores and does not write."
            : "They come with each validation, or at the end of the run where it validates nothing."}
        </EmptyState>
      </Card>
    );
  }
  // The newest table unless a step was chosen, so that it follows the run.
  const found = samples.findIndex(({ step }) => step === chosen);
  const index = found === -1 ? samples.length - 1 : found;
  const table = samples[index];
  if (table === undefined) return null;
  const { step, rows } = table;
  const go = (to: number) => setChosen(to === samples.length - 1 ? null : (samples[to]?.step ?? null));
  const has = {
    reference: rows.some(({ reference }) => reference !== null),
    score: rows.some(({ score }) => score !== null),
    kl: rows.some(({ kl }) => kl !== null),
  };
  return (
    <Card>
      <CardHeader
        title={`${rows.length} samples at ${step} ${STEP_UNITS[kind]}`}
        actions={
          <>
            <Button size="icon" variant="ghost" aria-label="Earlier samples" disabled={index === 0} onClick={() => go(index - 1)}>
              <ChevronLeft aria-hidden="true" className="size-4" />
            </Button>
            <Select
              aria-label="Samples of"
              className="w-auto"
              value={String(step)}
              onChange={(event) => go(samples.findIndex((s) => String(s.step) === event.target.value))}
            >
              {samples.map((s) => (
                <option key={s.step} value={s.step}>
                  {s.step} {STEP_UNITS[kind]}
                </option>
              ))}
            </Select>
            <Button
              size="icon"
              variant="ghost"
              aria-label="Later samples"
              disabled={index === samples.length - 1}
              onClick={() => go(index + 1)}
            >
              <ChevronRight aria-hidden="true" className="size-4" />
            </Button>
          </>
        }
      />
      <Table label="Samples">
        <THead>
          <Tr>
            <Th>Prompt</Th>
            <Th>Completion</Th>
            {has.reference && <Th>Reference</Th>}
            {has.score && <Th numeric>Score</Th>}
            {has.kl && <Th numeric>KL</Th>}
          </Tr>
        </THead>
        <TBody>
          {rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the table of one step never changes, and prompts may repeat
            <Tr key={`${step}:${i}`} className="align-top">
              <Td className="max-w-96 min-w-56 py-2 whitespace-pre-wrap text-muted">{row.prompt}</Td>
              <Td className="max-w-96 min-w-56 py-2 whitespace-pre-wrap">
                {row.completion === "" ? <em className="text-muted">empty</em> : row.completion}
              </Td>
              {has.reference && <Td className="max-w-96 min-w-56 py-2 whitespace-pre-wrap text-muted">{row.reference}</Td>}
              {has.score && (
                <Td numeric className="py-2">
                  {row.score === null ? "–" : formatNumber(row.score)}
                </Td>
              )}
              {has.kl && (
                <Td numeric className="py-2">
                  {row.kl === null ? "–" : formatNumber(row.kl)}
                </Td>
              )}
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
