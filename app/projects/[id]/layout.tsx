/** One project: its name, and the row of its pages. */
import Link from "next/link";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { z } from "zod";
import { getDb } from "@/server/database";
import { AppError } from "@/server/errors";
import { getProject } from "@/server/services/project";
import { requireWork } from "@/server/session";
import { Badge } from "../../components/ui/badge";
import { ProjectNavigation } from "./project-navigation";

export default async function ProjectLayout({ params, children }: { params: Promise<{ id: string }>; children: ReactNode }) {
  const { id } = await params;
  const user = await requireWork("reviewer", `/projects/${id}`);
  if (!z.uuid().safeParse(id).success) notFound();
  const project = await getProject({ db: getDb(), user }, { projectId: id }).catch((error: unknown) => {
    // Its annotators judge; they have no use for this page.
    if (error instanceof AppError && (error.code === "NOT_FOUND" || error.code === "FORBIDDEN")) notFound();
    throw error;
  });
  return (
    <>
      <p className="mb-1 text-sm text-muted">
        <Link href="/projects" className="hover:underline">
          Projects
        </Link>
      </p>
      <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h1 className="text-xl font-semibold tracking-tight text-balance">{project.name}</h1>
        {project.demo && <Badge tone="flagged">demo</Badge>}
        {project.access === "members" && <Badge title="Only its members can enter this project">members only</Badge>}
        {project.published && <Badge title="Its leaderboard can be read without an account">published</Badge>}
      </div>
      <ProjectNavigation id={project.id} role={project.role} />
      {children}
    </>
  );
}
