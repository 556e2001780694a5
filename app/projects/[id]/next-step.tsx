"use client";
/** What a project waits for, with the way there. */
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { ProjectOverview } from "@/server/services/project";
import { Button } from "../../components/ui/button";
import { countOf } from "../format";

export function NextStep({ projectId, counts }: { projectId: string; counts: ProjectOverview["counts"] }) {
  const { text, href, label } = nextStep(projectId, counts);
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-accent/40 bg-accent-soft px-4 py-3">
      <p className="text-sm">
        <span className="font-medium">Next: </span>
        {text}
      </p>
      <Button asChild size="sm">
        <Link href={href}>
          {label}
          <ArrowRight aria-hidden="true" className="size-4" />
        </Link>
      </Button>
    </div>
  );
}

function nextStep(projectId: string, counts: ProjectOverview["counts"]): { text: ReactNode; href: string; label: string } {
  const here = `/projects/${projectId}`;
  if (counts.prompts === 0)
    return { text: "import prompts, or comparisons that others have published.", href: `${here}/import`, label: "Import" };
  if (counts.items === 0)
    return {
      text: "let a model answer the prompts; pairs of its completions become items for the annotators.",
      href: `/runs/new?kind=sample&project=${projectId}`,
      label: "Sample completions",
    };
  const open = counts.seats - counts.seatsJudged;
  if (open > 0)
    return {
      text: `${countOf(open, "judgement is", "judgements are")} wanted. They can be frozen into a dataset version at any time.`,
      href: "/annotate",
      label: "Annotate",
    };
  return {
    text: "everything is judged. Freeze a dataset version and train a reward model on it.",
    href: `${here}/datasets`,
    label: "Datasets",
  };
}
