/** All models and results of runs. */
import { Suspense } from "react";
import { requireWork } from "@/server/session";
import { SkeletonTable } from "../components/ui/skeleton";
import { ModelsView } from "./models-view";

export default async function ModelsPage() {
  const { role } = await requireWork("researcher", "/models");
  return (
    <Suspense fallback={<SkeletonTable rows={6} label="Loading models" />}>
      <ModelsView admin={role === "admin"} />
    </Suspense>
  );
}
