"use client";
/** Agreement and what it depends on, the reliability of annotators, and the way to the votes that look wrong. */
import { useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { projectRoleAtLeast } from "@/domain/project-role";
import type { AppRouter } from "@/server/root";
import { Badge, SimulatedBadge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Card, CardHeader } from "../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { Select } from "../../../components/ui/field";
import { Interval } from "../../../components/ui/interval";
import { Skeleton } from "../../../components/ui/skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { errorMessage, useTRPC } from "../../../trpc";
import { countOf, formatCount } from "../../format";
import { AgreementTable, GroupTable } from "./agreement-tables";
import { ReliabilityTable } from "./reliability-table";
import { useSimulated } from "./use-simulated";

export type Quality = inferRouterOutputs<AppRouter>["quality"]["report"];

export function QualityView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const [simulated, setSimulated] = useSimulated();
  const quality = useQuery(trpc.quality.report.queryOptions({ projectId, simulated }));
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <Select
          aria-label="Whose votes"
          className="w-auto"
          value={simulated ? "simulated" : "people"}
          onChange={(event) => setSimulated(event.target.value === "simulated")}
        >
          <option value="people">Votes of people</option>
          <option value="simulated">Votes of simulated annotators</option>
        </Select>
        {simulated && <SimulatedBadge />}
        {quality.data?.blind === true && <Badge title="Blind review: only owners of the project see who is who">pseudonyms</Badge>}
        <Button asChild variant="primary" className="sm:ml-auto">
          <Link href={`/projects/${projectId}/quality/review${simulated ? "?votes=simulated" : ""}`}>
            Review{quality.data !== undefined && quality.data.unlikely > 0 ? ` ${countOf(quality.data.unlikely, "unlikely vote")}` : ""}
            <ArrowRight aria-hidden="true" className="size-4" />
          </Link>
        </Button>
      </div>
      {quality.isPending && <QualitySkeleton />}
      {quality.isError && <ErrorState message={errorMessage(quality.error)} onRetry={() => void quality.refetch()} />}
      {quality.data !== undefined &&
        (quality.data.votes === 0 ? <NoVotes simulated={simulated} /> : <Report projectId={projectId} quality={quality.data} />)}
    </div>
  );
}

function NoVotes({ simulated }: { simulated: boolean }) {
  return (
    <Card>
      <EmptyState title={simulated ? "No simulated annotator has voted here" : "Nobody has voted here yet"}>
        Agreement, reliability and alarms appear with the first votes; agreement needs items that more than one annotator judges, which the
        settings ask for.
      </EmptyState>
    </Card>
  );
}

function Report({ projectId, quality }: { projectId: string; quality: Quality }) {
  const { votes, shared, scales, kendall } = quality;
  const order = scales.find(({ name }) => name === "order");
  return (
    <>
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-border md:grid-cols-4">
        <Figure label="Votes" value={formatCount(votes)}>
          {formatCount(shared.k)} of {countOf(shared.n, "comparison")} judged by several
        </Figure>
        <Figure label="Same order" value={order === undefined ? "–" : <Interval {...order.percent} n={null} percent />}>
          pairs of annotators who say the same
        </Figure>
        <Figure label="Krippendorff's alpha" value={<Interval value={null} {...order?.alpha.nominal} n={null} digits={2} />}>
          nominal, on the order; 1 is perfect, 0 is chance
        </Figure>
        <Figure label="Kendall's W" value={<Interval value={null} {...kendall?.w} n={null} digits={2} />}>
          {kendall === null ? "no ranking has two judges yet" : `whole rankings, ${countOf(kendall.w.n, "item")}`}
        </Figure>
      </dl>
      <Card>
        <CardHeader title="Agreement" description="95 % intervals by bootstrap over items." />
        <AgreementTable quality={quality} />
      </Card>
      <div className="grid items-start gap-4 *:min-w-0 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <GroupTable title="By mode" head="Mode" groups={quality.byMode} />
          <GroupTable title="By guideline" head="Version" groups={quality.byGuideline} />
        </div>
        <GroupTable title="By time" head="From" groups={quality.byTime} />
      </div>
      <Card>
        <CardHeader
          title="Annotators"
          description="Reliability is how often an annotator is right, judged by what the others say (Dawid and Skene 1979; one coin: Zhang et al. 2016)."
        />
        <ReliabilityTable annotators={quality.annotators} />
      </Card>
      <div className="grid items-start gap-4 *:min-w-0 lg:grid-cols-2">
        <PairsTable pairs={quality.pairs} />
        <ItemsTable projectId={projectId} items={quality.items} linked={projectRoleAtLeast(quality.role, "researcher")} />
      </div>
    </>
  );
}

function Figure({ label, value, children }: { label: string; value: ReactNode; children: ReactNode }) {
  return (
    <div className="min-w-0 bg-surface p-4">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="figures mt-0.5 text-lg font-semibold [&_span]:whitespace-normal">{value}</dd>
      <dd className="mt-1 text-xs text-muted">{children}</dd>
    </div>
  );
}

function PairsTable({ pairs }: { pairs: Quality["pairs"] }) {
  return (
    <Card>
      <CardHeader title="Two by two" description="Cohen's kappa (1960) of the annotators with most comparisons in common." />
      {pairs.length === 0 ? (
        <EmptyState title="No two annotators have five comparisons in common" />
      ) : (
        <Table label="Pairs of annotators">
          <THead>
            <Tr>
              <Th>Annotators</Th>
              <Th numeric>Same</Th>
              <Th numeric>Kappa</Th>
              <Th numeric>In common</Th>
            </Tr>
          </THead>
          <TBody>
            {pairs.map(({ a, b, percent, kappa, n }) => (
              <Tr key={`${a} ${b}`}>
                <Td>
                  {a} and {b}
                </Td>
                <Td numeric>{(100 * percent).toFixed(0)} %</Td>
                <Td numeric>
                  <Interval value={null} {...kappa} n={null} digits={2} />
                </Td>
                <Td numeric>{formatCount(n)}</Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </Card>
  );
}

function ItemsTable({ projectId, items, linked }: { projectId: string; items: Quality["items"]; linked: boolean }) {
  return (
    <Card>
      <CardHeader
        title="Least agreed items"
        description="Where annotators differ most: unclear guidelines, or answers that are really alike."
      />
      {items.length === 0 ? (
        <EmptyState title="No item has annotators who differ" />
      ) : (
        <Table label="Least agreed items">
          <THead>
            <Tr>
              <Th>Prompt</Th>
              <Th numeric>Same order</Th>
            </Tr>
          </THead>
          <TBody>
            {items.map(({ itemId, promptId, prompt, agreed, pairs }) => (
              <Tr key={itemId}>
                <Td className="max-w-0 w-full truncate">
                  {linked ? (
                    <Link href={`/projects/${projectId}/prompts/${promptId}`} className="underline decoration-dotted">
                      {prompt.slice(0, 200)}
                    </Link>
                  ) : (
                    prompt.slice(0, 200)
                  )}
                </Td>
                <Td numeric>
                  {agreed} of {pairs}
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </Card>
  );
}

function QualitySkeleton() {
  return (
    <div role="status" aria-label="Loading the quality of votes" className="flex flex-col gap-4">
      <Skeleton className="h-24" />
      <Skeleton className="h-44" />
      <Skeleton className="h-64" />
    </div>
  );
}
