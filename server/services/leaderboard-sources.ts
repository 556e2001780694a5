/** What a board stands on, by hashes: whoever holds the votes' download, the checkpoints and the data sets can tell whether they are these. */
import { createHash } from "node:crypto";
import { lineageOf } from "../../db/queries/checkpoints";
import type { ServiceContext } from "../context";
import { writeRows } from "../files/write-rows";
import { createKept } from "../kept";
import { type BoardInput, getLeaderboard } from "./leaderboard";
import { exportVotes } from "./leaderboard-export";

/** More votes than this are not hashed for a page: the download is, by whoever has it. */
const MOST_HASHED = 100_000;

type HashedVotes = { sha256: string; lines: number };

const keptHashes = createKept<HashedVotes>({ max: 50 });

/** SHA-256 of the bytes that the votes' download (?format=votes) has. */
async function hashVotes(ctx: ServiceContext, input: BoardInput): Promise<HashedVotes> {
  const sha = createHash("sha256");
  let lines = 0;
  async function* counted() {
    for await (const row of exportVotes(ctx, input)) {
      lines += 1;
      yield row;
    }
  }
  for await (const bytes of writeRows(counted(), "jsonl", null)) sha.update(bytes);
  return { sha256: sha.digest("hex"), lines };
}

/** Throws NOT_FOUND for what the caller may not see. */
export async function getBoardSources(ctx: ServiceContext, input: BoardInput) {
  const { project, votes, ranking } = await getLeaderboard(ctx, input);
  const models = [];
  for (const { name, checkpointId } of ranking) {
    if (checkpointId === null) continue;
    const { checkpoints, datasets } = await lineageOf(ctx.db, checkpointId);
    models.push({
      name,
      hash: checkpoints.find(({ id }) => id === checkpointId)?.hash ?? "",
      datasets: datasets.map(({ kind, version, hash }) => ({ name: `${kind} dataset, version ${version}`, hash })),
    });
  }
  const key = JSON.stringify([project.id, input, votes]);
  return {
    project: project.name,
    votes: votes.counted > MOST_HASHED ? null : await keptHashes(key, () => hashVotes(ctx, input)),
    models,
  };
}

export type BoardSources = Awaited<ReturnType<typeof getBoardSources>>;
