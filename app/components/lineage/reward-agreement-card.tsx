"use client";
/** A reward model against people whose votes it never saw: of each annotator, by certainty, by margin, by how far people agreed. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { inferOutput } from "@trpc/tanstack-react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import type { Consensus } from "@/domain/reward-agreement";
import { errorMessage, useTRPC } from "../../trpc";
import { SimulatedBadge } from "../ui/badge";
import { Button } from "../ui/button";
import { Card, CardBody, CardHeader } from "../ui/card";
import { EmptyState, ErrorState } from "../ui/empty-state";
import { Select } from "../ui/field";
import { Interval } from "../ui/interval";
import { Skeleton } from "../ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../ui/table";

type Agreement = inferOutput<ReturnType<typeof useTRPC>["checkpoint"]["agreement"]>;

const CONSENSUS_WORDS: Readonly<Record<Consensus, string>> = {
  unanimous: "All say the same",
  majority: "Most say the same",
  split: "As many each way",
  single: "One voter only",
};
const MARGIN_WORDS = ["", "Slightly better", "Better", "Much better"];

export function RewardAgreementCard({ checkpointId, projectId }: { checkpointId: string; projectId: string | null }) {
  const trpc = useTRPC();
  const [asked, setAsked] = useState<boolean | null>(null);
  const found = useQuery({
    ...trpc.checkpoint.agreement.queryOptions({ id: checkpointId, simulated: asked }),
    placeholderData: keepPreviousData,
  });
  const simulated = asked ?? found.data?.simulated ?? false;
  return (
    <Card>
      <CardHeader
        title="Agreement with people"
        description="How often its scores order two completions as a vote does that it never saw; 95 % intervals by bootstrap over items"
        actions={
          <span className="flex flex-wrap items-center gap-2">
            {simulated && <SimulatedBadge />}
            <Select
              aria-label="Whose held-out votes"
              className="w-auto"
              value={simulated ? "simulated" : "people"}
              onChange={(event) => setAsked(event.target.value === "simulated")}
            >
              <option value="people">Votes of people</option>
              <option value="simulated">Votes of simulated annotators</option>
            </Select>
          </span>
        }
      />
      {found.isPending && <Skeleton className="m-4 h-40" />}
      {found.isError && <ErrorState message={errorMessage(found.error)} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && (
        <Tables
          agreement={found.data}
          scoreHref={`/runs/new?kind=score${projectId === null ? "" : `&project=${projectId}`}&base=${checkpointId}`}
          simulated={simulated}
        />
      )}
    </Card>
  );
}

function Tables({ agreement, scoreHref, simulated }: { agreement: Agreement; scoreHref: string; simulated: boolean }) {
  const { all, votes, of, people, annotators, byCertainty, byMargin, byConsensus, seed } = agreement;
  const missing = of - votes;
  if (all === null) {
    return (
      <EmptyState
        title={
          of === 0
            ? `No held-out vote of ${simulated ? "simulated annotators" : "people"} ranks anything`
            : "It has not scored what these votes are on"
        }
        action={
          of > 0 && (
            <Button asChild>
              <Link href={scoreHref}>Score completions</Link>
            </Button>
          )
        }
      >
        Votes count that stand on prompts which its run was neither trained nor validated on.
      </EmptyState>
    );
  }
  return (
    <>
      <CardBody className="text-sm">
        <p>
          <Interval {...all.accuracy} n={null} percent className="font-semibold" /> of {all.pairs.toLocaleString("en")} comparisons in{" "}
          {votes.toLocaleString("en")} votes.{" "}
          {people.value === null ? (
            "No two annotators judged the same of these items, so that nothing says what people reach."
          ) : (
            <>
              Two annotators agree with each other on <Interval {...people} percent />: scores can hardly agree with them more than that.
            </>
          )}
        </p>
        {missing > 0 && (
          <p className="mt-1 text-muted">
            {missing.toLocaleString("en")} held-out votes are on completions that it has not scored.{" "}
            <Link className="underline" href={scoreHref}>
              Score them
            </Link>
          </p>
        )}
      </CardBody>
      <Group title="Each annotator">
        <Table label="Agreement with each annotator">
          <THead>
            <Tr>
              <Th>Annotator</Th>
              <Th numeric>Reward model agrees</Th>
              <Th numeric>Other annotators agree</Th>
              <Th numeric>Comparisons</Th>
              <Th numeric>Votes</Th>
            </Tr>
          </THead>
          <TBody>
            {annotators.map(({ annotatorId, name, accuracy, others, pairs, votes: given }) => (
              <Tr key={annotatorId}>
                <Td className="whitespace-nowrap">{name}</Td>
                <Td numeric>
                  <Interval {...accuracy} n={null} percent />
                </Td>
                <Td numeric>{others === null ? "–" : <Interval value={others.agreed / others.n} n={others.n} percent />}</Td>
                <Td numeric>{pairs.toLocaleString("en")}</Td>
                <Td numeric>{given.toLocaleString("en")}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      </Group>
      <Group
        title="By how sure it is"
        description="From the difference of the two scores, under Bradley-Terry. A calibrated model is right as often as it expects."
      >
        <Table label="Agreement by certainty">
          <THead>
            <Tr>
              <Th>Preference</Th>
              <Th numeric>It expects</Th>
              <Th numeric>It agrees</Th>
              <Th numeric>Comparisons</Th>
            </Tr>
          </THead>
          <TBody>
            {byCertainty.map(({ from, to, predicted, accuracy, pairs }) => (
              <Tr key={from}>
                <Td className="figures whitespace-nowrap">
                  {(100 * from).toFixed(0)} to {(100 * to).toFixed(0)} %
                </Td>
                <Td numeric>
                  <Interval value={predicted} percent />
                </Td>
                <Td numeric>
                  <Interval {...accuracy} n={null} percent />
                </Td>
                <Td numeric>{pairs.toLocaleString("en")}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      </Group>
      <Group title="By how far people agreed" description="“At most” is what the best possible scores would reach against these votes.">
        <Table label="Agreement by how far people agreed">
          <THead>
            <Tr>
              <Th>Voters of a comparison</Th>
              <Th numeric>It agrees</Th>
              <Th numeric>At most</Th>
              <Th numeric>Comparisons</Th>
            </Tr>
          </THead>
          <TBody>
            {byConsensus.map(({ consensus, ceiling, accuracy, pairs }) => (
              <Tr key={consensus}>
                <Td className="whitespace-nowrap">{CONSENSUS_WORDS[consensus]}</Td>
                <Td numeric>
                  <Interval {...accuracy} n={null} percent />
                </Td>
                <Td numeric>{consensus === "single" ? "–" : <Interval value={ceiling} percent />}</Td>
                <Td numeric>{pairs.toLocaleString("en")}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      </Group>
      {byMargin.length > 0 && (
        <Group title="By margin of the vote">
          <Table label="Agreement by margin of the vote">
            <THead>
              <Tr>
                <Th>The vote says</Th>
                <Th numeric>It agrees</Th>
                <Th numeric>Comparisons</Th>
              </Tr>
            </THead>
            <TBody>
              {byMargin.map(({ margin, accuracy, pairs }) => (
                <Tr key={margin}>
                  <Td className="whitespace-nowrap">{MARGIN_WORDS[margin]}</Td>
                  <Td numeric>
                    <Interval {...accuracy} n={null} percent />
                  </Td>
                  <Td numeric>{pairs.toLocaleString("en")}</Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        </Group>
      )}
      <p className="border-t px-4 py-2 text-xs text-muted">
        Ties of a vote order nothing and are left out; equal scores are not right. Seed of the intervals {seed}.
      </p>
    </>
  );
}

function Group({ title, description, children }: { title: string; description?: string; children: ReactNode }) {
  return (
    <section className="border-t">
      <div className="px-4 pt-3">
        <h3 className="text-sm font-semibold">{title}</h3>
        {description !== undefined && <p className="max-w-[80ch] text-xs text-muted">{description}</p>}
      </div>
      {children}
    </section>
  );
}
