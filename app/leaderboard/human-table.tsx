/** Mean points that people gave each model, with their interval, the number of ratings and the evaluation they come from. */
import Link from "next/link";
import type { Leaderboard } from "@/server/services/leaderboard";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";

type RatedModel = Leaderboard["human"][number];

/** `projectId` opens the ways to evaluations and checkpoints; null for visitors. */
export function HumanTable({ models, projectId }: { models: readonly RatedModel[]; projectId: string | null }) {
  const columns = [
    ...new Map(models.flatMap(({ scores }) => scores).map(({ scale, points }) => [`${scale} ${points}`, { scale, points }])).values(),
  ];
  return (
    <Table label="Human evaluation">
      <THead>
        <Tr>
          <Th>Model</Th>
          {columns.map(({ scale, points }) => (
            <Th key={`${scale} ${points}`} numeric>
              {scale} <span className="font-normal">of {points}</span>
            </Th>
          ))}
        </Tr>
      </THead>
      <TBody>
        {models.map(({ modelId, name, checkpointId, scores }) => (
          <Tr key={modelId}>
            <Td className="font-medium whitespace-nowrap">
              {projectId !== null && checkpointId !== null ? (
                <Link className="underline decoration-dotted" href={`/checkpoints/${checkpointId}`}>
                  {name}
                </Link>
              ) : (
                name
              )}
            </Td>
            {columns.map(({ scale, points }) => {
              const score = scores.find((known) => known.scale === scale && known.points === points);
              if (score === undefined)
                return (
                  <Td key={`${scale} ${points}`} numeric>
                    –
                  </Td>
                );
              const value = score.value.toFixed(2);
              return (
                <Td key={`${scale} ${points}`} numeric title={`${score.evaluation}: ${score.ratings} ratings on ${score.prompts} prompts`}>
                  {projectId !== null ? (
                    <Link className="underline decoration-dotted" href={`/projects/${projectId}/human/${score.evaluationId}`}>
                      {value}
                    </Link>
                  ) : (
                    value
                  )}
                  <span className="block text-xs whitespace-nowrap text-muted">
                    {score.low.toFixed(2)} to {score.high.toFixed(2)}
                  </span>
                  <span className="block text-xs whitespace-nowrap text-muted">n = {score.ratings}</span>
                </Td>
              );
            })}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
