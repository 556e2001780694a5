"use client";
/** The sections of a project, and the pages of the section that is open. */
import { usePathname } from "next/navigation";
import { type ProjectRole, projectRoleAtLeast } from "@/domain/project-role";
import { findCurrentPage, PageTabs } from "../../components/ui/page-tabs";

type Page = { path: string; label: string; role: ProjectRole; also?: string };

const SECTIONS: readonly { label: string; pages: readonly Page[] }[] = [
  { label: "Overview", pages: [{ path: "", label: "Overview", role: "reviewer" }] },
  {
    label: "Data",
    pages: [
      { path: "/data", label: "Prompts and items", role: "researcher", also: "/prompts" },
      { path: "/import", label: "Import and export", role: "researcher" },
    ],
  },
  { label: "Quality", pages: [{ path: "/quality", label: "Quality", role: "reviewer" }] },
  { label: "Human evaluation", pages: [{ path: "/human", label: "Human evaluation", role: "researcher" }] },
  { label: "Datasets", pages: [{ path: "/datasets", label: "Datasets", role: "researcher" }] },
  {
    label: "Settings",
    pages: [
      { path: "/settings", label: "General", role: "owner" },
      { path: "/guidelines", label: "Guidelines", role: "researcher" },
      { path: "/members", label: "Members", role: "owner" },
      { path: "/endpoints", label: "Endpoints", role: "researcher" },
      { path: "/webhooks", label: "Webhooks", role: "researcher" },
      { path: "/log", label: "Log", role: "owner" },
    ],
  },
];

/** Shows the pages that `role` may read; a section opens with the first of its own. */
export function ProjectNavigation({ id, role }: { id: string; role: ProjectRole }) {
  const root = `/projects/${id}`;
  const sections = SECTIONS.flatMap(({ label, pages }) => {
    const open = pages
      .filter((page) => projectRoleAtLeast(role, page.role))
      .map(({ path, label: name, also }) => ({ href: root + path, label: name, also: also === undefined ? [] : [root + also] }));
    const [first] = open;
    if (first === undefined) return [];
    return [{ label, href: first.href, also: open.flatMap((page) => [page.href, ...page.also]), pages: open }];
  });
  const current = findCurrentPage(sections, usePathname());
  return (
    <>
      <PageTabs label="Project" pages={sections} />
      {current !== undefined && current.pages.length > 1 && <PageTabs label={current.label} pages={current.pages} quiet />}
    </>
  );
}
