"use client";
/** What the run did to each task: before, with examples in the prompt, after, and the differences that are more than chance. */
import { useState } from "react";
import type { Estimate } from "@/domain/metrics/bootstrap";
import { type TaskMetric, type TaskReport, type TaskResult, verdictOf } from "@/domain/task-report";
import { Badge } from "../../components/ui/badge";
import { Card, CardHeader } from "../../components/ui/card";
import { cn } from "../../components/ui/cn";
import { Select } from "../../components/ui/field";
import { Interval } from "../../components/ui/interval";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";

const METRIC_LABELS: Record<TaskMetric, string> = { rougeL: "ROUGE-L", exactMatch: "Exact match" };

/** A difference, with its sign and in grey where it may be chance. */
function Change({ value, low, high }: Estimate) {
  const verdict = verdictOf({ value, low, high, n: 0 });
  return (
    <span className="inline-flex items-center justify-end gap-2">
      {verdict !== "the same" && <Badge tone={verdict === "better" ? "chosen" : "failed"}>{verdict}</Badge>}
      <span className={cn(verdict === "the same" && "text-muted italic")}>
        {value > 0 && "+"}
        <Interval value={value} low={low} high={high} percent insignificant={verdict === "the same"} />
      </span>
    </span>
  );
}

function summarise(tasks: readonly TaskResult[], metric: TaskMetric): string {
  const forgotten = tasks.filter(({ trained, change }) => !trained && verdictOf(change[metric]) === "worse");
  const kept = tasks.filter(({ trained }) => !trained).length - forgotten.length;
  if (tasks.every(({ trained }) => trained)) return "Held-out rows, answered greedily before and after the run.";
  if (forgotten.length === 0) return `Nothing was forgotten: none of the ${kept} tasks that the run did not train lost more than chance.`;
  return `Forgotten: ${forgotten.map(({ task }) => task).join(", ")}. Training on several tasks at once, or LoRA, forgets less.`;
}

export function TaskReportCard({ report }: { report: TaskReport }) {
  const [metric, setMetric] = useState<TaskMetric>("rougeL");
  const { tasks, shots } = report;
  const fewShot = tasks.some((task) => task.fewShot !== null);
  return (
    <Card>
      <CardHeader
        title="Each task before and after"
        description={summarise(tasks, metric)}
        actions={
          <Select
            aria-label="Measure"
            className="w-auto"
            value={metric}
            onChange={(event) => setMetric(event.target.value === "exactMatch" ? "exactMatch" : "rougeL")}
          >
            {Object.entries(METRIC_LABELS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        }
      />
      <Table label="Each task before and after">
        <THead>
          <Tr>
            <Th>Task</Th>
            <Th numeric>Rows</Th>
            <Th numeric>Before</Th>
            {fewShot && (
              <Th numeric title="Where the model's context has room for one at least">
                Before, {shots === 1 ? "1 example" : `up to ${shots} examples`} in the prompt
              </Th>
            )}
            <Th numeric>After</Th>
            <Th numeric>Change</Th>
            {fewShot && <Th numeric>Over few-shot</Th>}
          </Tr>
        </THead>
        <TBody>
          {tasks.map(({ task, trained, before, after, fewShot: prompted, change, overFewShot }) => (
            <Tr key={task}>
              <Td className="whitespace-nowrap">
                <span className="font-medium">{task === "" ? "All rows" : task}</span>{" "}
                {trained ? <Badge tone="accent">trained</Badge> : <Badge>not trained</Badge>}
              </Td>
              <Td numeric>{before[metric].n}</Td>
              <Td numeric>
                <Interval value={before[metric].value} percent />
              </Td>
              {fewShot && (
                <Td numeric>
                  <Interval value={prompted?.[metric].value ?? null} percent />
                </Td>
              )}
              <Td numeric>
                <Interval value={after[metric].value} percent />
              </Td>
              <Td numeric>
                <Change {...change[metric]} />
              </Td>
              {fewShot && <Td numeric>{overFewShot === null ? "–" : <Change {...overFewShot[metric]} />}</Td>}
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
