/** The projects room: for researchers, inside the common frame. */
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireWork } from "@/server/session";
import { Shell } from "../components/shell/shell";

export const metadata: Metadata = { title: { default: "Projects · Hone", template: "%s · Hone" } };

export default async function ProjectsLayout({ children }: { children: ReactNode }) {
  return <Shell user={await requireWork("reviewer", "/projects")}>{children}</Shell>;
}
