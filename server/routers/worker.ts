/** Trainer workers. */
import { listWorkers } from "../services/worker";
import { adminProcedure, router } from "../trpc";

export const workerRouter = router({
  list: adminProcedure.query(({ ctx }) => listWorkers(ctx)),
});
