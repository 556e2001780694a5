"use client";
/** How a project stands: what there is, how the judging goes, how far annotators agree, and what to do next. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { projectRoleAtLeast } from "@/domain/project-role";
import type { ProjectOverview } from "@/server/services/project";
import { cn } from "../../components/ui/cn";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { ErrorState } from "../../components/ui/empty-state";
import { Interval } from "../../components/ui/interval";
import { Progress } from "../../components/ui/progress";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { countOf, formatCount } from "../format";
import { AnnotatorsTable } from "./annotators-table";
import { DayChart } from "./day-chart";
import { NextStep } from "./next-step";

const REFRESH_MS = 10_000;

export function OverviewView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const overview = useQuery({ ...trpc.project.overview.queryOptions({ projectId }), refetchInterval: REFRESH_MS });
  if (overview.isPending) return <OverviewSkeleton />;
  if (overview.data === undefined) return <ErrorState message={errorMessage(overview.error)} onRetry={() => void overview.refetch()} />;
  const { project, role, counts, days, annotators, annotatorCount, agreement } = overview.data;
  const researches = projectRoleAtLeast(role, "researcher");
  return (
    <div className="flex flex-col gap-4">
      {project.description !== "" && <p className="max-w-[75ch] text-sm text-muted">{project.description}</p>}
      {researches && <NextStep projectId={projectId} counts={counts} />}
      <Figures dataHref={researches ? `/projects/${projectId}/data` : null} counts={counts} agreement={agreement} />
      <Card>
        <CardHeader title="Judgements a day" description="Last 30 days, by UTC date. Undone judgements are not counted." />
        <CardBody>
          <DayChart days={days} />
        </CardBody>
      </Card>
      <Card>
        <CardHeader
          title="Annotators"
          description="Agreement is the share of comparisons of completions on which two annotators of one item chose the same order."
        />
        <AnnotatorsTable projectId={projectId} first={annotators} total={annotatorCount} />
      </Card>
    </div>
  );
}

function Figure({ label, value, children, wide = false }: { label: string; value: ReactNode; children?: ReactNode; wide?: boolean }) {
  return (
    <div className={cn("min-w-0 bg-surface p-4", wide && "max-xl:col-span-2")}>
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="figures mt-0.5 text-lg font-semibold">{value}</dd>
      {children !== undefined && <dd className="mt-1 text-xs text-muted">{children}</dd>}
    </div>
  );
}

function Figures({ dataHref, counts, agreement }: { dataHref: string | null } & Pick<ProjectOverview, "counts" | "agreement">) {
  const open = counts.seats - counts.seatsJudged;
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border bg-border md:grid-cols-3 xl:grid-cols-5">
      <Figure
        label="Prompts"
        value={
          dataHref === null ? (
            formatCount(counts.prompts)
          ) : (
            <Link href={dataHref} className="hover:underline">
              {formatCount(counts.prompts)}
            </Link>
          )
        }
      >
        {formatCount(counts.references)} with a reference answer
      </Figure>
      <Figure label="Completions" value={formatCount(counts.completions)}>
        of {countOf(counts.models, "model")}
      </Figure>
      <Figure label="Items done" value={`${formatCount(counts.itemsDone)} of ${formatCount(counts.items)}`}>
        {countOf(counts.items - counts.itemsDone, "item")} open
      </Figure>
      <Figure label="Judgements" value={`${formatCount(counts.seatsJudged)} of ${formatCount(counts.seats)}`}>
        <Progress label="Judgements given" value={counts.seatsJudged} max={counts.seats === 0 ? null : counts.seats} className="mb-1" />
        {formatCount(counts.seatsLeased)} being judged now, {formatCount(open - counts.seatsLeased)} waiting
      </Figure>
      <Figure wide label="Agreement of people" value={<Interval {...agreement} percent />}>
        {agreement.n === 0
          ? "no comparison has two judges yet"
          : `${countOf(agreement.n, "comparison")} on ${countOf(agreement.items, "item")}, 95 % interval`}
      </Figure>
    </dl>
  );
}

function OverviewSkeleton() {
  return (
    <div role="status" aria-label="Loading the overview" className="flex flex-col gap-4">
      <Skeleton className="h-12" />
      <Skeleton className="h-24" />
      <Skeleton className="h-56" />
      <Skeleton className="h-40" />
    </div>
  );
}
