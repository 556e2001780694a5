/** The tables of a human evaluation: means, comparisons, distributions, agreement. */
import Link from "next/link";
import { EmptyState } from "../../../../components/ui/empty-state";
import { formatP, Interval } from "../../../../components/ui/interval";
import { Table, TBody, Td, Th, THead, Tr } from "../../../../components/ui/table";
import { formatCount } from "../../../format";
import type { HumanEvaluation } from "./evaluation-view";

const SIGNIFICANT = 0.05;

/** `votesHref` is where the votes behind a number are. */
type Props = Pick<HumanEvaluation, "evaluation" | "results"> & { votesHref: (parameters: Record<string, string>) => string };

export function MeansTable({ evaluation: { models, scales }, results, votesHref }: Props) {
  return (
    <Table label="Means">
      <THead>
        <Tr>
          <Th>Model</Th>
          {scales.map(({ name, points }) => (
            <Th key={name} numeric>
              {name} <span className="font-normal">of {points}</span>
            </Th>
          ))}
          <Th numeric>Ratings</Th>
        </Tr>
      </THead>
      <TBody>
        {models.map(({ id, name, checkpointId }, m) => (
          <Tr key={id}>
            <Td className="min-w-32 font-medium">
              {checkpointId === null ? (
                name
              ) : (
                <Link className="hover:underline" href={`/checkpoints/${checkpointId}`}>
                  {name}
                </Link>
              )}
            </Td>
            {scales.map((scale, s) => {
              const rated = results.models[m]?.scales[s];
              return (
                <Td key={scale.name} numeric>
                  {rated == null ? (
                    "–"
                  ) : (
                    <Link className="underline decoration-dotted" href={votesHref({ model: id, scale: scale.name })}>
                      <Interval {...rated.mean} n={null} digits={2} />
                    </Link>
                  )}
                </Td>
              );
            })}
            <Td numeric>{formatCount(results.models[m]?.scales[0]?.ratings ?? 0)}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

export function PairsTable({ evaluation: { models, scales }, results, votesHref }: Props) {
  return (
    <Table label="Models two by two">
      <THead>
        <Tr>
          <Th>Attribute</Th>
          <Th>Models</Th>
          <Th numeric>Difference</Th>
          <Th numeric>p</Th>
          <Th numeric>p, Holm</Th>
          <Th numeric>Prompts</Th>
        </Tr>
      </THead>
      <TBody>
        {results.pairs.map(({ a, b, scale, difference, low, high, p, pHolm, prompts }) => (
          <Tr key={`${a} ${b} ${scale}`}>
            <Td className="whitespace-nowrap">{scales[scale]?.name}</Td>
            <Td className="min-w-48">
              {models[b]?.name} minus {models[a]?.name}
            </Td>
            <Td numeric>
              <Link
                className="underline decoration-dotted"
                href={votesHref({ model: models[b]?.id ?? "", scale: scales[scale]?.name ?? "" })}
              >
                <Interval value={difference} low={low} high={high} digits={2} insignificant={pHolm > SIGNIFICANT} />
              </Link>
            </Td>
            <Td numeric>{formatP(p)}</Td>
            <Td numeric>{formatP(pHolm)}</Td>
            <Td numeric>{formatCount(prompts)}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

export function DistributionTable({ evaluation: { models, scales }, results, votesHref }: Props) {
  const columns = Array.from({ length: Math.max(...scales.map(({ points }) => points)) }, (_, i) => i + 1);
  return (
    <Table label="Distributions">
      <THead>
        <Tr>
          <Th>Attribute</Th>
          <Th>Model</Th>
          {columns.map((points) => (
            <Th key={points} numeric>
              {points}
            </Th>
          ))}
        </Tr>
      </THead>
      <TBody>
        {scales.flatMap((scale, s) =>
          models.map(({ id, name }, m) => {
            const rated = results.models[m]?.scales[s];
            return (
              <Tr key={`${scale.name} ${id}`}>
                <Td className="whitespace-nowrap">{scale.name}</Td>
                <Td className="min-w-32">{name}</Td>
                {columns.map((points) => {
                  if (points > scale.points || rated == null) return <Td key={points} />;
                  const n = rated.counts[points - 1] ?? 0;
                  const href = votesHref({ model: id, scale: scale.name, score: String(points) });
                  return (
                    <Td key={points} numeric className="min-w-12">
                      {n === 0 ? (
                        <span className="text-muted">0</span>
                      ) : (
                        <Link className="underline decoration-dotted" href={href}>
                          {n}
                        </Link>
                      )}
                      <span
                        aria-hidden="true"
                        className="mt-1 ml-auto block h-1 rounded-full bg-accent"
                        style={{ width: `${(100 * n) / rated.ratings}%` }}
                      />
                    </Td>
                  );
                })}
              </Tr>
            );
          }),
        )}
      </TBody>
    </Table>
  );
}

export function AgreementTable({ evaluation: { scales }, results, votesHref }: Props) {
  if (results.agreement.every(({ agreement }) => agreement === null)) return <EmptyState title="No answer was rated twice yet" />;
  return (
    <Table label="Agreement of the evaluators">
      <THead>
        <Tr>
          <Th>Attribute</Th>
          <Th numeric>Alpha, ordinal</Th>
          <Th numeric>Same points</Th>
          <Th numeric>Answers</Th>
          <Th numeric>Ratings</Th>
        </Tr>
      </THead>
      <TBody>
        {results.agreement.map(({ scale, agreement }) => (
          <Tr key={scale}>
            <Td className="whitespace-nowrap">{scales[scale]?.name}</Td>
            <Td numeric>
              <Link className="underline decoration-dotted" href={votesHref({ scale: scales[scale]?.name ?? "" })}>
                <Interval value={null} {...agreement?.alpha.ordinal} n={null} digits={2} />
              </Link>
            </Td>
            <Td numeric>
              <Interval value={null} {...agreement?.percent} n={null} percent digits={0} />
            </Td>
            <Td numeric>{formatCount(agreement?.percent.n ?? 0)}</Td>
            <Td numeric>{formatCount(agreement?.observations ?? 0)}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
