"use client";
/** Agreement by scale with each measure, and by what it may depend on. */
import { LEVELS, type Level } from "@/domain/quality/agreement";
import { Card, CardHeader } from "../../../components/ui/card";
import { EmptyState } from "../../../components/ui/empty-state";
import { Interval } from "../../../components/ui/interval";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { formatCount } from "../../format";
import type { Quality } from "./quality-view";

const SCALE_NAMES: Readonly<Record<string, string>> = {
  order: "Order of two completions",
  margin: "Margin of pairs",
  ranks: "Ranks of completions",
};
const LEVEL_NAMES: Record<Level, string> = { nominal: "nominal", ordinal: "ordinal", interval: "interval", ratio: "ratio" };

const MEASURES: readonly (readonly [name: string, text: string])[] = [
  ["Same", "Share of pairs of annotators of one thing who said the same of it."],
  [
    "Fleiss' kappa",
    "The same beyond chance, for any number of annotators; the mean of the items' agreement where they have different numbers (Fleiss 1971).",
  ],
  [
    "Krippendorff's alpha",
    "One minus observed by expected disagreement; the level says how far apart two values are: nominal all alike, ordinal by ranks, interval by difference, ratio by proportion. Values may be missing (Krippendorff 2018).",
  ],
  ["Kendall's W and tau", "Concordance of all rankings of an item, and of two of them, corrected for ties (Kendall 1939, 1945)."],
];

export function AgreementTable({ quality: { scales, kendall } }: { quality: Quality }) {
  if (scales.length === 0) {
    return (
      <EmptyState title="Nothing was judged twice yet">
        Agreement is measured on items that two or more annotators judged. The settings say how many judgements an item gets.
      </EmptyState>
    );
  }
  const levels = LEVELS.filter((level) => scales.some((scale) => scale.levels.includes(level)));
  return (
    <>
      <Table label="Agreement">
        <THead>
          <Tr>
            <Th>Scale</Th>
            <Th numeric>Things</Th>
            <Th numeric>Values</Th>
            <Th numeric>Same</Th>
            <Th numeric>Fleiss' kappa</Th>
            {levels.map((level) => (
              <Th key={level} numeric>
                Alpha, {LEVEL_NAMES[level]}
              </Th>
            ))}
          </Tr>
        </THead>
        <TBody>
          {scales.map(({ name, percent, fleiss, alpha, observations }) => (
            <Tr key={name}>
              <Td className="whitespace-nowrap">{SCALE_NAMES[name] ?? name}</Td>
              <Td numeric>{formatCount(percent.n)}</Td>
              <Td numeric>{formatCount(observations)}</Td>
              <Td numeric>
                <Interval {...percent} n={null} percent />
              </Td>
              <Td numeric>
                <Interval value={null} {...fleiss} n={null} digits={2} />
              </Td>
              {levels.map((level) => (
                <Td key={level} numeric>
                  <Interval value={null} {...alpha[level]} n={null} digits={2} />
                </Td>
              ))}
            </Tr>
          ))}
        </TBody>
      </Table>
      {kendall !== null && (
        <p className="border-t px-4 py-2 text-sm text-muted">
          Rankings of {formatCount(kendall.w.n)} items: Kendall's W <Interval {...kendall.w} n={null} digits={2} />
          {kendall.tau !== null && (
            <>
              , tau-b of two annotators <Interval {...kendall.tau} n={null} digits={2} />
            </>
          )}
        </p>
      )}
      <details className="border-t px-4 py-2 text-sm">
        <summary className="text-muted">What these say</summary>
        <dl className="mt-2 flex max-w-[80ch] flex-col gap-1.5 pb-1">
          {MEASURES.map(([name, text]) => (
            <div key={name}>
              <dt className="inline font-medium">{name}: </dt>
              <dd className="inline text-muted">{text}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}

export function GroupTable({ title, head, groups }: { title: string; head: string; groups: Quality["byMode"] }) {
  return (
    <Card className="min-w-0">
      <CardHeader title={title} />
      {groups.length === 0 ? (
        <EmptyState title="Nothing to compare yet" />
      ) : (
        <Table label={title}>
          <THead>
            <Tr>
              <Th>{head}</Th>
              <Th numeric>Votes</Th>
              <Th numeric>Same order</Th>
              <Th numeric>Alpha</Th>
            </Tr>
          </THead>
          <TBody>
            {groups.map(({ group, votes, percent, alpha }) => (
              <Tr key={group}>
                <Td className="whitespace-nowrap">{group.replaceAll("_", " ")}</Td>
                <Td numeric>{formatCount(votes)}</Td>
                <Td numeric>
                  <Interval value={null} {...percent} n={null} percent digits={0} />
                </Td>
                <Td numeric>
                  <Interval value={null} {...alpha} n={null} digits={2} />
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </Card>
  );
}
