/** What an import makes or made: counts, wrong lines with their reasons, the first rows as they are understood. */
import type { ImportKind } from "@/domain/formats/import-row";
import type { ImportReport } from "@/server/services/import";
import { CardBody } from "../../../components/ui/card";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { countOf, formatCount } from "../../format";

export function ReportView({ report, kind }: { report: ImportReport; kind: ImportKind }) {
  const { created, rows, known, errorCount, errors, unusedFields, sample } = report;
  const unused = Object.entries(unusedFields);
  const figures: [string, number][] = [
    ["Rows", rows],
    ["New prompts", created.prompts],
    ...(kind === "prompts" ? [] : ([["New completions", created.completions]] as [string, number][])),
    ...(kind === "comparisons"
      ? ([
          ["New items", created.items],
          ["New judgements", created.judgements],
        ] as [string, number][])
      : []),
    ["Known already", known],
    ["Wrong lines", errorCount],
  ];
  return (
    <>
      <dl className="flex flex-wrap gap-x-8 gap-y-2 px-4 py-3">
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt className="text-xs text-muted">{label}</dt>
            <dd className={`figures text-lg font-semibold ${label === "Wrong lines" && value > 0 ? "text-failed" : ""}`}>
              {formatCount(value)}
            </dd>
          </div>
        ))}
      </dl>
      {unused.length > 0 && (
        <p className="border-t px-4 py-2 text-sm text-muted">
          Fields that are not stored: {unused.map(([name, n]) => `${name} (${countOf(n, "row")})`).join(", ")}.
        </p>
      )}
      {errors.length > 0 && (
        <div className="border-t">
          <h3 className="px-4 pt-3 text-sm font-semibold">
            Wrong lines{errorCount > errors.length ? `, the first ${errors.length} of ${formatCount(errorCount)}` : ""}
          </h3>
          <Table label="Wrong lines">
            <THead>
              <Tr>
                <Th numeric className="w-20">
                  Line
                </Th>
                <Th>What is wrong</Th>
              </Tr>
            </THead>
            <TBody>
              {errors.map(({ line, reason }) => (
                <Tr key={`${line} ${reason}`}>
                  <Td numeric>{formatCount(line)}</Td>
                  <Td className="break-words">{reason}</Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        </div>
      )}
      {sample.length > 0 && (
        <div className="border-t">
          <h3 className="px-4 pt-3 text-sm font-semibold">First rows, as they are understood</h3>
          <ul className="divide-y">
            {sample.map((row, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of one report never change places
              <SampleRow key={`${i}-${row.messages.length}`} row={row} />
            ))}
          </ul>
        </div>
      )}
      {rows === 0 && <CardBody className="text-sm text-muted">The file has no rows.</CardBody>}
    </>
  );
}

function SampleRow({ row: { messages, reference, completions, ranks } }: { row: ImportReport["sample"][number] }) {
  return (
    <li className="px-4 py-3 text-sm">
      <p className="line-clamp-3 whitespace-pre-wrap">
        <span className="text-muted">{messages.length > 1 ? `${messages.length} messages, the last: ` : "Prompt: "}</span>
        {messages.at(-1)?.content}
      </p>
      {reference !== null && (
        <p className="line-clamp-2 whitespace-pre-wrap">
          <span className="text-muted">Reference: </span>
          {reference}
        </p>
      )}
      {completions.map((text, i) => (
        <p key={text} className="line-clamp-2 whitespace-pre-wrap">
          <span className="text-muted">{ranks === null ? "Completion: " : `Rank ${ranks[i]}: `}</span>
          {text}
        </p>
      ))}
    </li>
  );
}
