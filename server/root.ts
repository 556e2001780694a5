/** All procedures of the product, by entity. */
import { annotateRouter } from "./routers/annotate";
import { checkpointRouter } from "./routers/checkpoint";
import { datasetRouter } from "./routers/dataset";
import { guidelineRouter } from "./routers/guideline";
import { itemRouter } from "./routers/item";
import { leaderboardRouter } from "./routers/leaderboard";
import { modelRouter } from "./routers/model";
import { projectRouter } from "./routers/project";
import { promptRouter } from "./routers/prompt";
import { qualityRouter } from "./routers/quality";
import { queueRouter } from "./routers/queue";
import { runRouter } from "./routers/run";
import { userRouter } from "./routers/user";
import { workerRouter } from "./routers/worker";
import { createCallerFactory, router } from "./trpc";

export const appRouter = router({
  annotate: annotateRouter,
  checkpoint: checkpointRouter,
  dataset: datasetRouter,
  guideline: guidelineRouter,
  item: itemRouter,
  leaderboard: leaderboardRouter,
  model: modelRouter,
  project: projectRouter,
  prompt: promptRouter,
  quality: qualityRouter,
  queue: queueRouter,
  run: runRouter,
  user: userRouter,
  worker: workerRouter,
});

export type AppRouter = typeof appRouter;

/** Calls procedures without HTTP: for server components and tests. */
export const createCaller = createCallerFactory(appRouter);
