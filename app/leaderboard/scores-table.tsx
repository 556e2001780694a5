/** The newest evaluation of each checkpoint: every number with its interval, its n and the run it comes from. */
import Link from "next/link";
import type { Leaderboard } from "@/server/services/leaderboard";
import { Badge } from "../components/ui/badge";
import { EmptyState } from "../components/ui/empty-state";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";

const METRICS = [
  ["reward", "Reward", 2],
  ["gold", "Gold score (demo)", 3],
  ["rouge1", "ROUGE-1", 3],
  ["rouge2", "ROUGE-2", 3],
  ["rougeL", "ROUGE-L", 3],
  ["rougeLsum", "ROUGE-Lsum", 3],
  ["bleu1", "BLEU-1", 3],
  ["bleu2", "BLEU-2", 3],
  ["bleu3", "BLEU-3", 3],
  ["bleu4", "BLEU-4", 3],
  ["length", "Words", 1],
  ["accuracy", "Held-out accuracy", 3],
] as const;

const format = (value: number, digits: number) => value.toFixed(digits).replace("-", "−");

type ScoreRow = Leaderboard["scores"][number];

export function ScoresTable({ scores, researcher }: { scores: ScoreRow[]; researcher: boolean }) {
  const shown = METRICS.filter(([metric]) => scores.some((score) => score.metric === metric));
  const byCheckpoint = new Map<string, ScoreRow[]>();
  for (const score of scores) byCheckpoint.set(score.checkpointId, [...(byCheckpoint.get(score.checkpointId) ?? []), score]);
  if (byCheckpoint.size === 0) {
    return (
      <EmptyState title="No checkpoint was evaluated yet">
        A researcher starts an evaluation run on a checkpoint under Runs; ROUGE, BLEU and reward appear here.
      </EmptyState>
    );
  }
  return (
    <Table label="Scores of checkpoints">
      <THead>
        <Tr>
          <Th>Checkpoint</Th>
          {shown.map(([metric, label]) => (
            <Th key={metric} numeric>
              {label}
            </Th>
          ))}
        </Tr>
      </THead>
      <TBody>
        {[...byCheckpoint].map(([id, rows]) => (
          <Tr key={id}>
            <Td className="font-medium whitespace-nowrap">
              {researcher ? (
                <Link className="underline decoration-dotted" href={`/checkpoints/${id}`}>
                  {rows[0]?.checkpointName}
                </Link>
              ) : (
                rows[0]?.checkpointName
              )}
              {rows[0]?.promoted === true && (
                <span className="ml-2">
                  <Badge tone="chosen">promoted</Badge>
                </span>
              )}
              {rows[0]?.promoted === false && (
                <span className="ml-2">
                  <Badge tone="flagged">not promoted</Badge>
                </span>
              )}
            </Td>
            {shown.map(([metric, , digits]) => {
              const score = rows.find((row) => row.metric === metric);
              if (score === undefined)
                return (
                  <Td key={metric} numeric>
                    –
                  </Td>
                );
              const value = format(score.value, digits);
              return (
                <Td key={metric} numeric title={`n = ${score.n}; ${score.signature}`}>
                  {researcher ? (
                    <Link className="underline decoration-dotted" href={`/runs/${score.runId}`}>
                      {value}
                    </Link>
                  ) : (
                    value
                  )}
                  {score.low !== null && score.high !== null && (
                    <span className="block text-xs whitespace-nowrap text-muted">
                      {format(score.low, digits)} to {format(score.high, digits)}
                    </span>
                  )}
                </Td>
              );
            })}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
