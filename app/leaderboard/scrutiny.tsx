"use client";
/** How far the ranking can be trusted: the votes its first place hangs on, the votes still wanted, and what else decided votes. */
import { useQuery } from "@tanstack/react-query";
import type { Leaderboard } from "@/server/services/leaderboard";
import type { Scrutiny as ScrutinyData } from "@/server/services/leaderboard-scrutiny";
import { Card, CardBody, CardHeader } from "../components/ui/card";
import { ErrorState } from "../components/ui/empty-state";
import { Field, Input } from "../components/ui/field";
import { formatInterval } from "../components/ui/interval";
import { Skeleton } from "../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import { errorMessage, useTRPC } from "../trpc";
import type { BoardAddress } from "./use-board-address";

type Found = NonNullable<ScrutinyData>;

const KINDS_SHOWN = 6;
/** More models than this, and only neighbours in the ranking are listed. */
const MATRIX_MODELS = 8;

function Fragility({ fragility }: { fragility: Found["fragility"] }) {
  return (
    <Card>
      <CardHeader level={3} title="What the first place hangs on" />
      <CardBody className="space-y-2 text-sm">
        {fragility === null ? (
          <p>Leaving out half of the votes does not turn the first place.</p>
        ) : (
          <>
            <p>{fragility.words}</p>
            <p className="text-muted">They are:</p>
            <ul className="list-disc pl-5 text-muted">
              {fragility.kinds.slice(0, KINDS_SHOWN).map(({ text, count }) => (
                <li key={text}>
                  <span className="figures">{count}</span> × {text}
                </li>
              ))}
              {fragility.kinds.length > KINDS_SHOWN && <li>and {fragility.kinds.length - KINDS_SHOWN} more kinds</li>}
            </ul>
            <p className="text-muted">The JSON download names each of them.</p>
          </>
        )}
      </CardBody>
    </Card>
  );
}

function Power({ board, needed, address }: { board: Leaderboard; needed: Found["needed"]; address: BoardAddress }) {
  const ranked = board.ranking.filter((row) => row.score !== undefined);
  const choose = (text: string) => {
    if (Number(text) !== address.difference) address.choose("difference", text);
  };
  const cell = (a: number, b: number) => {
    const votes = needed[a]?.[b] ?? 0;
    return votes === 0 ? "settled" : votes.toLocaleString("en");
  };
  return (
    <Card>
      <CardHeader
        level={3}
        title="Votes still wanted"
        description={`Direct comparisons until a true difference of ${address.difference} points is found, four times in five, at 5 %.`}
      />
      <CardBody>
        <Field label="Difference" hint="Elo points, usually 10 to 100" className="mb-3 w-40">
          <Input
            key={address.difference}
            defaultValue={address.difference}
            inputMode="numeric"
            className="figures"
            onBlur={(event) => choose(event.target.value)}
            onKeyDown={(event) => event.key === "Enter" && choose(event.currentTarget.value)}
          />
        </Field>
        {ranked.length <= MATRIX_MODELS ? (
          <Table label="Votes still wanted for each pair">
            <THead>
              <Tr>
                <Th>Pair</Th>
                {ranked.slice(1).map(({ id, name }) => (
                  <Th key={id} numeric>
                    {name}
                  </Th>
                ))}
              </Tr>
            </THead>
            <TBody>
              {ranked.slice(0, -1).map((row, i) => (
                <Tr key={row.id}>
                  <Td className="font-medium">{row.name}</Td>
                  {ranked.slice(1).map((column, j) => (
                    <Td key={column.id} numeric className={needed[row.place]?.[column.place] === 0 ? "text-muted" : ""}>
                      {j >= i ? cell(row.place, column.place) : ""}
                    </Td>
                  ))}
                </Tr>
              ))}
            </TBody>
          </Table>
        ) : (
          <Table label="Votes still wanted for each pair of neighbours">
            <THead>
              <Tr>
                <Th>Neighbours in the ranking</Th>
                <Th numeric>Votes</Th>
              </Tr>
            </THead>
            <TBody>
              {ranked.slice(1).map((row, i) => (
                <Tr key={row.id}>
                  <Td>
                    {ranked[i]?.name} and {row.name}
                  </Td>
                  <Td numeric>{cell(ranked[i]?.place ?? 0, row.place)}</Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </CardBody>
    </Card>
  );
}

function Joint({ joint }: { joint: Found["joint"] }) {
  return (
    <Card>
      <CardHeader
        level={3}
        title="What else decided votes"
        description="One model of strength, annotators' reliability, side and style together."
      />
      <CardBody className="space-y-3 text-sm">
        {joint.note !== null ? (
          <p className="text-muted">{joint.note}</p>
        ) : (
          <>
            <p>
              On votes that it had not seen it is{" "}
              {joint.gain.low > 0 ? "better" : joint.gain.high < 0 ? "worse" : "neither better nor worse"} than strength alone: gain{" "}
              <span className="figures">
                {formatInterval({ value: joint.gain.gain, low: joint.gain.low, high: joint.gain.high, n: joint.gain.n, digits: 3 })}
              </span>{" "}
              bits a vote (log-loss {joint.gain.joint.toFixed(3)} beside {joint.gain.plain.toFixed(3)}; five-fold cross-validation).
            </p>
            <Table label="Pull on a vote">
              <THead>
                <Tr>
                  <Th>Pull on a vote</Th>
                  <Th numeric>Elo</Th>
                </Tr>
              </THead>
              <TBody>
                {joint.effects.map(({ name, elo, low, high }) => (
                  <Tr key={name}>
                    <Td>{name}</Td>
                    <Td numeric className={low <= 0 && high >= 0 ? "text-muted italic" : ""}>
                      {formatInterval({ value: elo, low, high, digits: 1 })}
                    </Td>
                  </Tr>
                ))}
              </TBody>
            </Table>
            <p className="text-muted">
              Two thirds of the {joint.annotators} annotators see differences {joint.reliability.low.toFixed(2)} to{" "}
              {joint.reliability.high.toFixed(2)} times as large as the average one, and lean {joint.ownSide.toFixed(0)} points or less to a
              side of their own.
            </p>
          </>
        )}
      </CardBody>
    </Card>
  );
}

export function Scrutiny({ board, address }: { board: Leaderboard; address: BoardAddress }) {
  const trpc = useTRPC();
  const scrutiny = useQuery(
    trpc.leaderboard.scrutiny.queryOptions({ slug: address.slug, ...address.board, difference: address.difference }),
  );
  if (scrutiny.error) return <ErrorState message={errorMessage(scrutiny.error)} onRetry={() => void scrutiny.refetch()} />;
  if (scrutiny.data === undefined) return <Skeleton className="h-64" />;
  if (scrutiny.data === null) return null;
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Fragility fragility={scrutiny.data.fragility} />
      <Joint joint={scrutiny.data.joint} />
      <div className="min-w-0 lg:col-span-2">
        <Power board={board} needed={scrutiny.data.needed} address={address} />
      </div>
    </div>
  );
}
