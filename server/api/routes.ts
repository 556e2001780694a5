/** Every route of the API, in the order of the document. */
import type { ApiRoute } from "./route";
import { datasetRoutes } from "./routes/datasets";
import { itemRoutes } from "./routes/items";
import { judgementRoutes } from "./routes/judgements";
import { projectRoutes } from "./routes/projects";
import { promptRoutes } from "./routes/prompts";
import { runRoutes } from "./routes/runs";

export const ROUTES: readonly ApiRoute[] = [
  ...projectRoutes,
  ...promptRoutes,
  ...itemRoutes,
  ...judgementRoutes,
  ...datasetRoutes,
  ...runRoutes,
];
