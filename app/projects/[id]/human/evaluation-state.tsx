/** The state of a human evaluation as a word with an icon, and how far it is. */
import { Ban, CircleCheck, Clock, Users } from "lucide-react";
import type { HumanEvaluationState } from "@/domain/human-evaluation";
import { Badge, type Tone } from "../../../components/ui/badge";

const STATES = {
  waiting: { tone: "neutral", icon: Clock, words: "waits for answers" },
  open: { tone: "running", icon: Users, words: "people are asked" },
  done: { tone: "chosen", icon: CircleCheck, words: "all ratings are in" },
  closed: { tone: "tie", icon: Ban, words: "closed" },
} as const satisfies Record<HumanEvaluationState, { tone: Tone; icon: typeof Clock; words: string }>;

export function EvaluationStateBadge({ state }: { state: HumanEvaluationState }) {
  const { tone, icon: Icon, words } = STATES[state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" className="size-3" />}>
      {words}
    </Badge>
  );
}
