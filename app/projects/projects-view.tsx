"use client";
/** The list of projects: how far the judging of each has come. */
import { useQuery } from "@tanstack/react-query";
import { FolderOpen, Plus } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { ListedProject } from "@/server/services/project";
import { Badge } from "../components/ui/badge";
import { Button } from "../components/ui/button";
import { Card } from "../components/ui/card";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { PageHeader } from "../components/ui/page-header";
import { Progress } from "../components/ui/progress";
import { RelativeTime } from "../components/ui/relative-time";
import { SkeletonTable } from "../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import { errorMessage, useTRPC } from "../trpc";
import { formatCount } from "./format";
import { NewProjectDialog } from "./new-project-dialog";

export function ProjectsView() {
  const trpc = useTRPC();
  const router = useRouter();
  const projects = useQuery(trpc.project.list.queryOptions());
  const [adding, setAdding] = useState(false);
  const newButton = (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden="true" className="size-4" />
      New project
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Projects"
        description="A project holds prompts, what models answered, how people judged it, and what was trained on that."
        actions={newButton}
      />
      <Card>
        {projects.isPending && <SkeletonTable label="Loading projects" />}
        {projects.isError && projects.data === undefined && (
          <ErrorState message={errorMessage(projects.error)} onRetry={() => void projects.refetch()} />
        )}
        {projects.data?.length === 0 && (
          <EmptyState icon={<FolderOpen aria-hidden="true" />} title="No projects yet" action={newButton}>
            Make a project, import prompts into it, and let a model answer them: then there is something to judge.
          </EmptyState>
        )}
        {projects.data !== undefined && projects.data.length > 0 && <ProjectsTable rows={projects.data} />}
      </Card>
      <NewProjectDialog open={adding} onOpenChange={setAdding} onCreated={(id) => router.push(`/projects/${id}`)} />
    </>
  );
}

function ProjectsTable({ rows }: { rows: readonly ListedProject[] }) {
  return (
    <Table label="Projects">
      <THead>
        <Tr>
          <Th>Project</Th>
          <Th numeric>Prompts</Th>
          <Th numeric>Judgements</Th>
          <Th className="w-40">Progress</Th>
          <Th>Last judgement</Th>
        </Tr>
      </THead>
      <TBody>
        {rows.map((project) => (
          <Tr key={project.id}>
            <Td>
              <div className="flex flex-wrap items-center gap-x-2">
                <Link href={`/projects/${project.id}`} className="font-medium hover:underline">
                  {project.name}
                </Link>
                {project.demo && <Badge tone="flagged">demo</Badge>}
                {project.published && <Badge title="Its leaderboard can be read without an account">published</Badge>}
              </div>
              {project.description !== "" && <p className="line-clamp-1 max-w-[60ch] text-xs text-muted">{project.description}</p>}
            </Td>
            <Td numeric>{formatCount(project.prompts)}</Td>
            <Td numeric className="whitespace-nowrap">
              {formatCount(project.judged)} of {formatCount(project.seats)}
            </Td>
            <Td>
              {project.seats > 0 ? (
                <Progress label={`Judged in ${project.name}`} value={project.judged} max={project.seats} />
              ) : (
                <span className="text-xs text-muted">nothing to judge yet</span>
              )}
            </Td>
            <Td className="whitespace-nowrap text-muted">
              {project.lastJudgedAt === null ? "–" : <RelativeTime date={project.lastJudgedAt} />}
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
