"use client";
/** One vote after the other, those that the others and the reward model find least likely first: accept it, or send it back with a note. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { Check, Undo2 } from "lucide-react";
import Link from "next/link";
import { type FormEvent, useEffect, useState } from "react";
import { projectRoleAtLeast } from "@/domain/project-role";
import type { AppRouter } from "@/server/root";
import { Badge, SimulatedBadge } from "../../../../components/ui/badge";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { Dialog, DialogClose, DialogContent } from "../../../../components/ui/dialog";
import { EmptyState, ErrorState } from "../../../../components/ui/empty-state";
import { Field, Select, Textarea } from "../../../../components/ui/field";
import { Kbd } from "../../../../components/ui/kbd";
import { RelativeTime } from "../../../../components/ui/relative-time";
import { Skeleton } from "../../../../components/ui/skeleton";
import { useToast } from "../../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../../trpc";
import { countOf, formatDuration } from "../../../format";
import { useSimulated } from "../use-simulated";

type RewardModel = inferRouterOutputs<AppRouter>["quality"]["toReview"]["rewardModel"];
type ToReview = inferRouterOutputs<AppRouter>["quality"]["toReview"]["judgements"][number];

export function ReviewView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [simulated] = useSimulated();
  const [skipped, setSkipped] = useState<readonly string[]>([]);
  const [sending, setSending] = useState(false);
  const list = useQuery(trpc.quality.toReview.queryOptions({ projectId, simulated }));
  const review = useMutation(
    trpc.quality.review.mutationOptions({
      onSuccess: (_, { verdict, judgementId }) => {
        toast({ title: verdict === "accepted" ? "Accepted" : "Sent back to its annotator" });
        setSending(false);
        setSkipped((before) => [...before, judgementId]);
        void queries.invalidateQueries(trpc.quality.pathFilter());
      },
    }),
  );
  const waiting = list.data?.judgements.filter(({ id }) => !skipped.includes(id)) ?? [];
  const current = waiting[0];
  const accept = () =>
    current !== undefined && !review.isPending && review.mutate({ judgementId: current.id, verdict: "accepted", note: "" });
  const later = () => current !== undefined && setSkipped((before) => [...before, current.id]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target;
      if (
        sending ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        (target instanceof HTMLElement && target.closest("input, textarea, select, [role=dialog]") !== null)
      )
        return;
      if (event.key === "a") accept();
      else if (event.key === "b" && current !== undefined) setSending(true);
      else if (event.key === "s") later();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  // The page of a prompt says who voted and which model wrote what.
  const showsPrompt = list.data !== undefined && !list.data.blind && projectRoleAtLeast(list.data.role, "researcher");
  const back = `/projects/${projectId}/quality${simulated ? "?votes=simulated" : ""}`;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
        <Link href={back} className="hover:underline">
          Quality
        </Link>
        {list.data !== undefined && <span role="status">{countOf(list.data.total, "vote")} to review</span>}
        {simulated && <SimulatedBadge />}
        {list.data?.blind === true && <Badge title="Nobody is told whose vote this is, or which model wrote what">blind review</Badge>}
      </div>
      {list.isPending && <Skeleton className="h-96" />}
      {list.isError && <ErrorState message={errorMessage(list.error)} onRetry={() => void list.refetch()} />}
      {list.data !== undefined && current === undefined && (
        <Card>
          <EmptyState
            title={skipped.length > 0 && list.data.total > 0 ? "That is all for now" : "Nothing to review"}
            action={
              list.data.total > 0 && (
                <Button
                  onClick={() => {
                    setSkipped([]);
                    void list.refetch();
                  }}
                >
                  Look at those left for later
                </Button>
              )
            }
          >
            Flags, and votes that the other annotators of an item or a reward model find unlikely, wait here for an answer. A reward run or
            a score run gives the scores that this goes by.
          </EmptyState>
        </Card>
      )}
      {current !== undefined && (
        <>
          <ReviewCard
            promptHref={showsPrompt ? `/projects/${projectId}/prompts/${current.promptId}` : null}
            judgement={current}
            rewardModel={list.data?.rewardModel ?? null}
          />
          {review.isError && !sending && (
            <p role="alert" className="mt-2 text-sm text-failed">
              {errorMessage(review.error)}
            </p>
          )}
          <div className="sticky bottom-0 -mx-3 mt-3 flex flex-wrap gap-2 border-t bg-background/95 px-3 py-3 sm:mx-0 sm:px-0">
            <Button variant="primary" onClick={accept} loading={review.isPending && !sending}>
              <Check aria-hidden="true" className="size-4" /> Accept <Kbd>A</Kbd>
            </Button>
            <Button onClick={() => setSending(true)}>
              <Undo2 aria-hidden="true" className="size-4" /> Send back <Kbd>B</Kbd>
            </Button>
            {current.ranks !== null && <KnownAnswer key={current.id} judgement={current} />}
            <Button variant="ghost" className="ml-auto" onClick={later}>
              Later <Kbd>S</Kbd>
            </Button>
          </div>
          <SendBackDialog
            open={sending}
            onOpenChange={setSending}
            annotator={current.annotator}
            loading={review.isPending}
            error={fieldError(review.error, "note") ?? (review.isError ? errorMessage(review.error) : null)}
            onSend={(note) => review.mutate({ judgementId: current.id, verdict: "sent_back", note })}
          />
        </>
      )}
    </>
  );
}

/** Makes this vote the known answer of its item, for gold or qualification. */
function KnownAnswer({ judgement }: { judgement: ToReview }) {
  const trpc = useTRPC();
  const toast = useToast();
  const change = useMutation(
    trpc.queue.changePurpose.mutationOptions({
      onSuccess: (_, { purpose }) =>
        toast({ title: purpose === "work" ? "The item is work" : `This vote is the known answer of a ${purpose} item` }),
      onError: (error) => toast({ title: errorMessage(error) }),
    }),
  );
  const fixed = judgement.purpose === "repeat" || judgement.purpose === "evaluation";
  return (
    <Select
      aria-label="What the item is for"
      className="w-auto"
      defaultValue={fixed ? "work" : judgement.purpose}
      disabled={change.isPending || fixed}
      onChange={(event) =>
        change.mutate({
          judgementId: judgement.id,
          purpose: event.target.value === "gold" || event.target.value === "qualification" ? event.target.value : "work",
        })
      }
    >
      <option value="work">Item of work</option>
      <option value="gold">Gold: this is the answer</option>
      <option value="qualification">Qualification: this is the answer</option>
    </Select>
  );
}

function SendBackDialog(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  annotator: string;
  loading: boolean;
  error: string | null;
  onSend: (note: string) => void;
}) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    props.onSend(String(new FormData(event.currentTarget).get("note") ?? ""));
  };
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange}>
      <DialogContent
        title="Send back"
        description={`The vote counts nowhere from now on. ${props.annotator} is given the item again; after a week it goes to others.`}
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button type="submit" form="send-back" variant="danger" loading={props.loading}>
              Send back
            </Button>
          </>
        }
      >
        <form id="send-back" onSubmit={submit} noValidate>
          <Field label="What is wrong" hint="Kept with the vote" error={props.error}>
            <Textarea name="note" maxLength={2000} />
          </Field>
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** "A > B = C" out of ranks of what was shown as A, B, C. */
export function orderOfRanks(ranks: readonly number[]): string {
  const placed = ranks.map((rank, i) => ({ rank, name: String.fromCharCode(65 + i) })).sort((a, b) => a.rank - b.rank);
  return placed.map(({ rank, name }, i) => `${i === 0 ? "" : placed[i - 1]?.rank === rank ? " = " : " > "}${name}`).join("");
}

const formatLikelihood = (p: number) => (p < 0.001 ? "less than 0.1 %" : `${(100 * p).toFixed(p < 0.01 ? 1 : 0)} %`);

/** Why the vote stands here, in words. */
function Reasons({ judgement: { byOthers, byReward, learntFrom }, rewardModel }: { judgement: ToReview; rewardModel: RewardModel }) {
  if (byOthers === null && byReward === null) return null;
  return (
    <ul className="figures list-disc pl-5 text-sm">
      {byOthers !== null && <li>The other annotators make this order right with a probability of {formatLikelihood(byOthers)}.</li>}
      {byReward !== null && rewardModel !== null && (
        <li>
          The reward model{" "}
          <Link href={`/checkpoints/${rewardModel.id}`} className="underline decoration-dotted">
            {rewardModel.name}
          </Link>{" "}
          gives it {formatLikelihood(byReward)}
          {learntFrom && ", though it learnt from this vote"}.
        </li>
      )}
    </ul>
  );
}

function ReviewCard({ promptHref, judgement, rewardModel }: { promptHref: string | null; judgement: ToReview; rewardModel: RewardModel }) {
  const { annotator, completions, others, likelihood, prompt, value, ranks, createdAt, activeMs, comment, reasons, simulated } = judgement;
  const remarks = [...reasons, comment, value.kind === "flag" ? value.note : ""].filter((part) => part !== "");
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex flex-wrap items-center gap-2">
            {annotator} {simulated && <SimulatedBadge />}
            <span className="figures">
              {ranks === null ? (
                <Badge tone={value.kind === "flag" ? "flagged" : "neutral"}>{value.kind.replaceAll("_", " ")}</Badge>
              ) : (
                orderOfRanks(ranks)
              )}
            </span>
          </span>
        }
        description={
          <>
            <RelativeTime date={createdAt} />
            {activeMs > 0 && `, in ${formatDuration(activeMs)}`}
            {remarks.length > 0 && `: ${remarks.join("; ")}`}
          </>
        }
        actions={
          likelihood !== null && (
            <Badge
              tone="flagged"
              title="Probability that this is the right order, by what the others said and how reliable they are, and by the reward model's scores; odds of both multiply"
            >
              likely to {formatLikelihood(likelihood)}
            </Badge>
          )
        }
      />
      <CardBody className="flex flex-col gap-4">
        <Reasons judgement={judgement} rewardModel={rewardModel} />
        <div>
          <p className="mb-0.5 text-xs font-medium text-muted">
            {promptHref === null ? (
              "Prompt"
            ) : (
              <Link href={promptHref} className="underline decoration-dotted">
                Prompt
              </Link>
            )}
          </p>
          <p dir="auto" className="prose-text max-h-60 overflow-y-auto whitespace-pre-wrap">
            {prompt}
          </p>
        </div>
        <ol className="grid gap-3 lg:grid-cols-2">
          {completions.map(({ id, text, rank, reward }, i) => (
            <li key={id} className="rounded-md border p-3">
              <p className="mb-1 flex items-center gap-2 text-xs font-medium text-muted">
                {String.fromCharCode(65 + i)} {rank !== null && <Badge tone={rank === 1 ? "chosen" : "neutral"}>rank {rank}</Badge>}
                {reward !== null && (
                  <span className="figures" title="Score of the reward model">
                    reward {reward.toFixed(2).replace("-", "−")}
                  </span>
                )}
              </p>
              <p dir="auto" className="prose-text max-h-80 overflow-y-auto whitespace-pre-wrap">
                {text}
              </p>
            </li>
          ))}
        </ol>
        <div>
          <h3 className="text-sm font-semibold">The others</h3>
          {others.length === 0 ? (
            <p className="text-sm text-muted">Nobody else has judged this item.</p>
          ) : (
            <ul className="mt-1 flex flex-wrap gap-x-6 gap-y-1 text-sm">
              {others.map((other, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two annotators may have one name
                <li key={`${other.annotator} ${i}`}>
                  {other.annotator}:{" "}
                  <span className="figures">{other.ranks === null ? other.kind.replaceAll("_", " ") : orderOfRanks(other.ranks)}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      </CardBody>
    </Card>
  );
}
