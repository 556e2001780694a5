"use client";
/** Votes on a prompt, in terms of its completions. */
import { describeValue } from "@/domain/annotation/answer";
import { MARGIN_LABELS } from "@/domain/judgement";
import { Badge, SimulatedBadge, type Tone } from "../../../../components/ui/badge";
import { RelativeTime } from "../../../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../../../components/ui/table";
import { formatDuration } from "../../../format";
import type { PromptPageData } from "./prompt-view";

type Judgement = PromptPageData["judgements"][number];

/** "#2 > #1 = #3": best first, ties by "=". */
export function formatOrder({ shownOrder, ranks }: Pick<Judgement, "shownOrder" | "ranks">, names: ReadonlyMap<string, string>): string {
  if (ranks === null) return "–";
  const placed = shownOrder.map((id, i) => ({ name: names.get(id) ?? "?", rank: ranks[i] ?? 0 })).sort((a, b) => a.rank - b.rank);
  return placed.map(({ name, rank }, i) => `${i === 0 ? "" : placed[i - 1]?.rank === rank ? " = " : " > "}${name}`).join("");
}

function outcome({ value }: Judgement): { tone: Tone; text: string } {
  switch (value.kind) {
    case "pairwise":
      return value.margin === 0
        ? { tone: "tie", text: "about the same" }
        : { tone: "chosen", text: MARGIN_LABELS[value.margin + 3]?.replace(/^[AB] is /, "") ?? "" };
    case "ranking":
      return { tone: "chosen", text: "ranked" };
    case "best_of_n":
      return { tone: "chosen", text: "best chosen" };
    case "rating":
      return { tone: "neutral", text: describeValue(value) };
    case "edit":
    case "demonstration":
      return { tone: "chosen", text: value.kind === "edit" ? "edited" : "written" };
    case "both_bad":
      return { tone: "rejected", text: "none is good" };
    case "skip":
      return { tone: "neutral", text: `skipped: ${value.cause.replaceAll("_", " ")}` };
    case "flag":
      return { tone: "flagged", text: "flagged" };
    default:
      return value satisfies never;
  }
}

/** Reasons, comment, and the text that was written. */
function wordsOf({ reasons, comment, value }: Judgement) {
  const words = [...reasons, comment, value.kind === "flag" ? value.note : ""].filter((part) => part !== "").join("; ");
  if (value.kind !== "edit" && value.kind !== "demonstration") return words || "–";
  return (
    <>
      {words}
      <details>
        <summary>{value.kind === "edit" ? "The edited answer" : "The written answer"}</summary>
        <p dir="auto" className="whitespace-pre-wrap">
          {value.text}
        </p>
      </details>
    </>
  );
}

export function JudgementsTable({ judgements, names }: { judgements: readonly Judgement[]; names: ReadonlyMap<string, string> }) {
  return (
    <Table label="Judgements">
      <THead>
        <Tr>
          <Th>Annotator</Th>
          <Th>Order</Th>
          <Th>Outcome</Th>
          <Th>Shown as</Th>
          <Th>Reasons</Th>
          <Th numeric>Time</Th>
          <Th>When</Th>
        </Tr>
      </THead>
      <TBody>
        {judgements.map((judgement) => {
          const { tone, text } = outcome(judgement);
          return (
            <Tr
              key={judgement.id}
              id={judgement.id}
              className={judgement.undoneAt === null ? "target:bg-accent-soft" : "opacity-70 target:bg-accent-soft"}
            >
              <Td>
                <span className="flex flex-wrap items-center gap-x-2">
                  {judgement.annotator}
                  {judgement.simulated && <SimulatedBadge />}
                </span>
              </Td>
              <Td className="figures whitespace-nowrap">{formatOrder(judgement, names)}</Td>
              <Td>
                <span className="flex flex-wrap gap-1">
                  <Badge tone={tone}>{text}</Badge>
                  {judgement.undoneAt !== null && <Badge>undone</Badge>}
                </span>
              </Td>
              <Td className="figures whitespace-nowrap text-muted">{judgement.shownOrder.map((id) => names.get(id) ?? "?").join(", ")}</Td>
              <Td className="max-w-64 text-muted">{wordsOf(judgement)}</Td>
              <Td numeric className="whitespace-nowrap">
                {judgement.activeMs > 0 ? formatDuration(judgement.activeMs) : "–"}
              </Td>
              <Td className="whitespace-nowrap text-muted">
                <RelativeTime date={judgement.createdAt} />
              </Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}
