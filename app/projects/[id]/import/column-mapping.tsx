"use client";
/** What each column of the file is read as; the preview follows every change. */
import type { ImportKind } from "@/domain/formats/import-row";
import { Badge } from "../../../components/ui/badge";
import { Select } from "../../../components/ui/field";

/** Fields that are read of each kind of rows; published layouts bring more of their own. */
const FIELDS: Record<ImportKind, readonly string[]> = {
  prompts: ["prompt", "messages", "reference", "completion", "split", "group", "instruction", "input", "output"],
  completions: ["prompt", "messages", "completion", "model", "reference", "split", "group"],
  comparisons: [
    "prompt",
    "messages",
    "chosen",
    "rejected",
    "chosen_model",
    "rejected_model",
    "margin",
    "completions",
    "ranks",
    "annotator",
    "reference",
    "split",
    "group",
    "conversation_a",
    "conversation_b",
    "model_a",
    "model_b",
    "winner",
    "judge",
    "instruction",
    "output_1",
    "output_2",
    "preference",
  ],
};

export function ColumnMapping(props: {
  kind: ImportKind;
  columns: readonly string[];
  unused: Readonly<Record<string, number>>;
  mapping: Readonly<Record<string, string>>;
  /** Whether rows were not understood: then the columns are likely called otherwise. */
  wrong: boolean;
  onChange: (mapping: Readonly<Record<string, string>>) => void;
}) {
  const { kind, columns, unused, mapping, wrong, onChange } = props;
  const choose = (column: string, target: string) => {
    const { [column]: _before, ...rest } = mapping;
    onChange(target === column ? rest : { ...rest, [column]: target });
  };
  return (
    <details className="border-b px-4 py-3 text-sm" open={wrong || Object.keys(unused).length > 0 || Object.keys(mapping).length > 0}>
      <summary className="font-medium">Columns of the file</summary>
      <ul className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-2">
        {columns.map((column) => (
          <li key={column} className="flex items-center justify-between gap-3">
            <span className="flex min-w-0 items-center gap-2">
              <code className="truncate text-xs">{column}</code>
              {unused[column] !== undefined && mapping[column] === undefined && <Badge tone="flagged">not read</Badge>}
            </span>
            <Select
              aria-label={`Column ${column} is read as`}
              className="w-44 shrink-0"
              value={mapping[column] ?? column}
              onChange={(event) => choose(column, event.target.value)}
            >
              <option value={column}>as it is named</option>
              <option value="">left out</option>
              {FIELDS[kind]
                .filter((field) => field !== column)
                .map((field) => (
                  <option key={field} value={field}>
                    {field}
                  </option>
                ))}
            </Select>
          </li>
        ))}
      </ul>
    </details>
  );
}
