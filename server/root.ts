/** All procedures of the product, by entity. */
import { annotateRouter } from "./routers/annotate";
import { auditRouter } from "./routers/audit";
import { checkpointRouter } from "./routers/checkpoint";
import { datasetRouter } from "./routers/dataset";
import { endpointRouter } from "./routers/endpoint";
import { guidelineRouter } from "./routers/guideline";
import { hubRouter } from "./routers/hub";
import { humanEvaluationRouter } from "./routers/human-evaluation";
import { itemRouter } from "./routers/item";
import { leaderboardRouter } from "./routers/leaderboard";
import { memberRouter } from "./routers/member";
import { modelRouter } from "./routers/model";
import { projectRouter } from "./routers/project";
import { promptRouter } from "./routers/prompt";
import { qualityRouter } from "./routers/quality";
import { queueRouter } from "./routers/queue";
import { runRouter } from "./routers/run";
import { tokenRouter } from "./routers/token";
import { userRouter } from "./routers/user";
import { webhookRouter } from "./routers/webhook";
import { workerRouter } from "./routers/worker";
import { createCallerFactory, router } from "./trpc";

export const appRouter = router({
  annotate: annotateRouter,
  audit: auditRouter,
  checkpoint: checkpointRouter,
  dataset: datasetRouter,
  endpoint: endpointRouter,
  guideline: guidelineRouter,
  hub: hubRouter,
  humanEvaluation: humanEvaluationRouter,
  item: itemRouter,
  leaderboard: leaderboardRouter,
  member: memberRouter,
  model: modelRouter,
  project: projectRouter,
  prompt: promptRouter,
  quality: qualityRouter,
  queue: queueRouter,
  run: runRouter,
  token: tokenRouter,
  user: userRouter,
  webhook: webhookRouter,
  worker: workerRouter,
});

export type AppRouter = typeof appRouter;

/** Calls procedures without HTTP: for server components and tests. */
export const createCaller = createCallerFactory(appRouter);
