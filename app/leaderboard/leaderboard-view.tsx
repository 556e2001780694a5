"use client";
/** One project's leaderboard; everything that is chosen is in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import { scoreKind } from "@/domain/score-kind";
import type { Leaderboard } from "@/server/services/leaderboard";
import { Button } from "../components/ui/button";
import { Card } from "../components/ui/card";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { formatInterval } from "../components/ui/interval";
import { PageHeader } from "../components/ui/page-header";
import { Skeleton, SkeletonTable } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import { BoardFilters } from "./board-filters";
import type { AskedBoard } from "./board-address";
import { HumanTable } from "./human-table";
import { Ranking } from "./ranking";
import { ScoresTable } from "./scores-table";
import { Scrutiny } from "./scrutiny";
import { WhenNear } from "../components/ui/when-near";
import { type BoardAddress, useBoardAddress } from "./use-board-address";
import { WinRates } from "./win-rates";

const LoadingHistory = () => <SkeletonTable rows={4} label="Loading the history" />;
const History = dynamic(() => import("./history"), { ssr: false, loading: LoadingHistory });

/** Not every board has benchmarks, and their table brings every task's definition. */
const BenchmarksTable = dynamic(async () => (await import("./benchmarks-table")).BenchmarksTable);
const CompareDialog = dynamic(async () => (await import("./compare-dialog")).CompareDialog);

const DOWNLOADS = { csv: "CSV", json: "JSON", votes: "Votes" } as const;

function StyleNote({ style }: { style: NonNullable<Leaderboard["style"]> }) {
  if (style.note !== null) return <p className="mb-3 text-sm text-muted">{style.note}</p>;
  return (
    <p className="mb-3 text-sm text-muted">
      Style is held equal. What the votes pay for one standard difference of it:{" "}
      {style.coefficients
        .map(({ name, elo, low, high }) => `${name.toLowerCase()} ${formatInterval({ value: elo, low, high, digits: 0 })}`)
        .join(", ")}{" "}
      Elo.
    </p>
  );
}

function Preferred({ board, address, researcher }: { board: Leaderboard; address: BoardAddress; researcher: boolean }) {
  const { counted, available, sameModel } = board.votes;
  if (counted === 0) {
    return (
      <Card>
        <EmptyState
          title="No votes compare two models here"
          action={
            <Button asChild variant="primary">
              <Link href="/annotate">Judge items</Link>
            </Button>
          }
        >
          {available.simulated > 0 && address.board.votes === "people"
            ? "There are only votes of simulated annotators: choose them above to see them."
            : "The ranking appears with the first vote between answers of different models."}
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <p className="mb-3 text-sm text-muted">
        {counted.toLocaleString("en")} votes counted; on record: {available.people.toLocaleString("en")} by people,{" "}
        {available.simulated.toLocaleString("en")} by simulated annotators.
        {sameModel > 0 && ` ${sameModel.toLocaleString("en")} pairs of one model with itself are left out.`}
      </p>
      {board.notes.length > 0 && (
        <ul className="mb-3 max-w-[85ch] list-disc space-y-1 rounded-lg border bg-flagged-soft py-3 pr-4 pl-8 text-sm">
          {board.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {board.style !== null && <StyleNote style={board.style} />}
      <Card>
        <Ranking rows={board.ranking} groups={board.groups} slug={address.slug} baseline={address.board.baseline} />
      </Card>
      <h3 className="mt-8 mb-2 font-semibold">Win rates</h3>
      <Card>
        <WinRates board={board} researcher={researcher} />
      </Card>
      <h3 className="mt-8 mb-2 font-semibold">How far to trust it</h3>
      <WhenNear placeholder={<Skeleton className="h-64" />}>
        <Scrutiny board={board} address={address} />
      </WhenNear>
      <h3 className="mt-8 mb-2 font-semibold">History</h3>
      <Card>
        <WhenNear placeholder={<LoadingHistory />}>
          <History address={address} />
        </WhenNear>
      </Card>
    </>
  );
}

export function LeaderboardView({ asked }: { asked: AskedBoard }) {
  const trpc = useTRPC();
  const projects = useQuery(trpc.leaderboard.projects.queryOptions());
  const address = useBoardAddress({ ...asked, slug: asked.slug || (projects.data?.[0]?.slug ?? "") });
  const { slug } = address;
  const board = useQuery({
    ...trpc.leaderboard.get.queryOptions({ slug, ...address.board }),
    enabled: slug !== "",
    placeholderData: keepPreviousData,
  });
  const [comparing, setComparing] = useState(false);
  const error = projects.error ?? board.error;
  const project = board.data?.project;
  const researcher = project?.research === true;
  const scoresOf = (kind: ReturnType<typeof scoreKind>) => board.data?.scores.filter(({ metric }) => scoreKind(metric) === kind) ?? [];
  const benchmarks = scoresOf("benchmark");
  return (
    <>
      <PageHeader
        title="Leaderboard"
        actions={
          <>
            {researcher && <Button onClick={() => setComparing(true)}>Compare models</Button>}
            {project !== undefined &&
              Object.entries(DOWNLOADS).map(([format, label]) => (
                <Button key={format} asChild>
                  <a href={`/api/leaderboard/${encodeURIComponent(slug)}?format=${format}&${address.query}`} download>
                    <Download aria-hidden="true" className="size-4" />
                    {label}
                  </a>
                </Button>
              ))}
            {project !== undefined && (
              <Button asChild>
                <a href={`/api/leaderboard/${encodeURIComponent(slug)}/picture?${address.pictureQuery}`} title="SVG to embed elsewhere">
                  Picture
                </a>
              </Button>
            )}
            <Button asChild>
              <Link href={`/leaderboard/method?${address.methodQuery}`}>Method</Link>
            </Button>
          </>
        }
      />
      {project !== undefined && researcher && <CompareDialog projectId={project.id} open={comparing} onOpenChange={setComparing} />}
      {projects.data?.length === 0 ? (
        <EmptyState title="No leaderboard is published">Sign in as a researcher to see the projects that are not published.</EmptyState>
      ) : (
        <BoardFilters address={address} projects={projects.data ?? []} board={board.data} />
      )}
      {error ? (
        <ErrorState message={errorMessage(error)} onRetry={() => void (projects.error ? projects : board).refetch()} />
      ) : board.data === undefined ? (
        slug === "" ? null : (
          <SkeletonTable rows={6} label="Loading the leaderboard" />
        )
      ) : (
        <div className="space-y-10" aria-busy={board.isPlaceholderData || undefined}>
          <section aria-labelledby="preferred">
            <h2 id="preferred" className="mb-1 text-lg font-semibold">
              What was preferred
            </h2>
            <Preferred board={board.data} address={address} researcher={researcher} />
          </section>
          <section aria-labelledby="scores">
            <h2 id="scores" className="mb-1 text-lg font-semibold">
              Scores of checkpoints
            </h2>
            <p className="mb-3 text-sm text-muted">The newest evaluation of each; below a number its 95 % interval.</p>
            <Card>
              <ScoresTable scores={scoresOf("other")} researcher={researcher} />
            </Card>
          </section>
          {board.data.human.length > 0 && (
            <section aria-labelledby="human">
              <h2 id="human" className="mb-1 text-lg font-semibold">
                Human evaluation
              </h2>
              <p className="mb-3 text-sm text-muted">
                People rated the answers side by side, without knowing whose they are; mean points of the newest evaluation of each, with 95
                % intervals over prompts.
              </p>
              <Card>
                <HumanTable models={board.data.human} projectId={researcher ? board.data.project.id : null} />
              </Card>
            </section>
          )}
          {benchmarks.length > 0 && (
            <section aria-labelledby="benchmarks">
              <h2 id="benchmarks" className="mb-1 text-lg font-semibold">
                Benchmarks
              </h2>
              <p className="mb-3 text-sm text-muted">
                The newest run of each, with 95 % intervals. Columns marked “sample” rest on a few items that were written for Hone: they
                are not the benchmark. “Overlap” is the share of items that have a run of words in common with the training data.
              </p>
              <Card>
                <BenchmarksTable scores={benchmarks} researcher={researcher} />
              </Card>
            </section>
          )}
        </div>
      )}
    </>
  );
}
