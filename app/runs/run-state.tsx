/** The state of a run as a word with an icon; colour never stands alone. */
import { Ban, CircleCheck, CircleX, Clock, Pause, Play } from "lucide-react";
import type { RunKind, RunState } from "@/domain/run";
import { Badge, type Tone } from "../components/ui/badge";

const STATES = {
  queued: { tone: "neutral", icon: Clock },
  running: { tone: "running", icon: Play },
  paused: { tone: "tie", icon: Pause },
  succeeded: { tone: "chosen", icon: CircleCheck },
  failed: { tone: "failed", icon: CircleX },
  cancelled: { tone: "neutral", icon: Ban },
} as const satisfies Record<RunState, { tone: Tone; icon: typeof Play }>;

export function RunStateBadge({ state }: { state: RunState }) {
  const { tone, icon: Icon } = STATES[state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" className="size-3" />}>
      {state}
    </Badge>
  );
}

export const KIND_LABELS: Readonly<Record<RunKind, string>> = {
  sft: "SFT",
  reward: "Reward model",
  preference: "Preference optimisation",
  ppo: "Online RL",
  evaluation: "Evaluation",
  benchmark: "Benchmark",
  sample: "Sampling",
  sweep: "Sweep",
};

export const KIND_PURPOSES: Readonly<Record<RunKind, string>> = {
  sft: "Teach a model from prompts with good completions",
  reward: "Learn from votes what people prefer",
  preference: "Improve a policy by votes alone: DPO, IPO, KTO, ORPO",
  ppo: "Improve a policy against a reward model: PPO, GRPO, RLOO",
  evaluation: "Score a checkpoint on held-out prompts",
  benchmark: "Score a checkpoint on GLUE, SuperGLUE, MMLU, HELM",
  sample: "Write completions for the annotators to judge",
  sweep: "Try many settings of one kind of run",
};
