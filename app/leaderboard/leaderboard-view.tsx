"use client";
/** One project's leaderboard; project and whose votes count are in the address. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { Badge } from "../components/ui/badge";
import { Button } from "../components/ui/button";
import { Card } from "../components/ui/card";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { Field, Select } from "../components/ui/field";
import { PageHeader } from "../components/ui/page-header";
import { SkeletonTable } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import { splitScores } from "../components/lineage/benchmark-table";
import { BenchmarksTable } from "./benchmarks-table";
import { CompareDialog } from "./compare-dialog";
import { Ranking } from "./ranking";
import { ScoresTable } from "./scores-table";
import { WinRates } from "./win-rates";

const VOTES = { people: "People's votes", simulated: "Simulated annotators only", all: "People and simulated" } as const;
type VoteFilter = keyof typeof VOTES;

export function LeaderboardView({ researcher }: { researcher: boolean }) {
  const trpc = useTRPC();
  const router = useRouter();
  const here = usePathname();
  const search = useSearchParams();
  const projects = useQuery(trpc.leaderboard.projects.queryOptions());
  const slug = search.get("project") ?? projects.data?.[0]?.slug ?? "";
  const votes = (Object.keys(VOTES) as VoteFilter[]).find((known) => known === search.get("votes")) ?? "people";
  const board = useQuery({ ...trpc.leaderboard.get.queryOptions({ slug, votes }), enabled: slug !== "" });
  const choose = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.set(name, value);
    router.replace(`${here}?${next}`);
  };
  const [comparing, setComparing] = useState(false);
  const error = projects.error ?? board.error;
  const project = board.data?.project;
  const scores = board.data === undefined ? undefined : splitScores(board.data.scores.map((score) => ({ ...score, id: `${score.checkpointId} ${score.metric}` })));
  return (
    <>
      <PageHeader
        title="Leaderboard"
        actions={
          <>
            {researcher && project !== undefined && <Button onClick={() => setComparing(true)}>Compare models</Button>}
            <Button asChild><Link href="/leaderboard/method">Method</Link></Button>
          </>
        }
      />
      {project !== undefined && <CompareDialog projectId={project.id} open={comparing} onOpenChange={setComparing} />}
      {projects.data?.length === 0 ? (
        <EmptyState title="No leaderboard is published">Sign in as a researcher to see the projects that are not published.</EmptyState>
      ) : (
        <div className="mb-5 flex flex-wrap items-end gap-3">
          <Field label="Project">
            <Select value={slug} onChange={(event) => choose("project", event.target.value)}>
              {projects.data?.map(({ slug: value, name, published }) => <option key={value} value={value}>{name}{published ? "" : " (not published)"}</option>)}
            </Select>
          </Field>
          <Field label="Votes of">
            <Select value={votes} onChange={(event) => choose("votes", event.target.value)}>
              {Object.entries(VOTES).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
            </Select>
          </Field>
          {votes !== "people" && <Badge tone="flagged">Holds simulated votes</Badge>}
          {board.data?.project.demo && <Badge>Demo</Badge>}
        </div>
      )}
      {error ? (
        <ErrorState message={errorMessage(error)} onRetry={() => void (projects.error ? projects : board).refetch()} />
      ) : board.data === undefined ? (
        slug === "" ? null : <SkeletonTable rows={6} label="Loading the leaderboard" />
      ) : (
        <div className="space-y-10">
          <section aria-labelledby="preferred">
            <h2 id="preferred" className="mb-1 text-lg font-semibold">What was preferred</h2>
            <p className="mb-3 text-sm text-muted">
              {board.data.votes.counted} votes counted; on record: {board.data.votes.available.people} by people, {board.data.votes.available.simulated} by simulated annotators.
              {board.data.groups > 1 && " Some models were never compared with others, directly or through a third: their scores cannot be set against each other."}
            </p>
            {board.data.votes.counted === 0 ? (
              <Card><EmptyState title="No votes compare two models yet" action={<Button asChild variant="primary"><Link href="/annotate">Judge items</Link></Button>}>
                {board.data.votes.available.simulated > 0 && votes === "people" ? "There are only votes of simulated annotators: choose them above to see them." : "The ranking appears with the first vote between answers of different models."}
              </EmptyState></Card>
            ) : (
              <>
                <Card><Ranking rows={board.data.ranking} /></Card>
                <h3 className="mt-8 mb-2 font-semibold">Win rates</h3>
                <Card><WinRates board={board.data} researcher={researcher} /></Card>
              </>
            )}
          </section>
          <section aria-labelledby="scores">
            <h2 id="scores" className="mb-1 text-lg font-semibold">Scores of checkpoints</h2>
            <p className="mb-3 text-sm text-muted">The newest evaluation of each; below a number its 95 % interval.</p>
            <Card><ScoresTable scores={scores?.others ?? []} researcher={researcher} /></Card>
          </section>
          {scores !== undefined && scores.benchmarks.length > 0 && (
            <section aria-labelledby="benchmarks">
              <h2 id="benchmarks" className="mb-1 text-lg font-semibold">Benchmarks</h2>
              <p className="mb-3 text-sm text-muted">
                The newest run of each, with 95 % intervals. Columns marked “sample” rest on a few items that were written for Hone: they are not the benchmark. “Overlap” is the share of items that have a run of words in common with the training data.
              </p>
              <Card><BenchmarksTable scores={scores.benchmarks} researcher={researcher} /></Card>
            </section>
          )}
        </div>
      )}
    </>
  );
}
