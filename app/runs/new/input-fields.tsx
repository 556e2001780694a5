"use client";
/** What a run stands on: project, checkpoints and dataset version, of which only fitting ones are offered. */
import Link from "next/link";
import type { inferOutput } from "@trpc/tanstack-react-query";
import type { CheckpointKind } from "@/domain/checkpoint";
import type { RunKind } from "@/domain/run";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { Field, Input, Select } from "../../components/ui/field";
import type { useTRPC } from "../../trpc";

export type RunInputs = inferOutput<ReturnType<typeof useTRPC>["run"]["inputs"]>;

/** `name` is null until somebody types one. */
export type Choices = { name: string | null; baseCheckpointId: string; rewardCheckpointId: string; datasetVersionId: string };

/** What each kind needs; the server checks the same. */
export const KIND_INPUTS: Readonly<
  Record<RunKind, { dataset: "sft" | "preference" | null; reward: "required" | "optional" | null; base: string }>
> = {
  sft: { dataset: "sft", reward: null, base: "The model to train" },
  reward: { dataset: "preference", reward: null, base: "The model that learns to score; usually the one whose completions were judged" },
  preference: {
    dataset: "preference",
    reward: null,
    base: "The policy to improve, usually the one whose completions were judged; it is also the frozen reference",
  },
  ppo: { dataset: null, reward: "required", base: "The policy to improve; it is also the frozen reference" },
  evaluation: { dataset: null, reward: "optional", base: "The checkpoint to score" },
  benchmark: { dataset: null, reward: null, base: "The checkpoint to score" },
  sample: { dataset: null, reward: null, base: "The checkpoint that writes the completions" },
  sweep: { dataset: null, reward: null, base: "The model of every trial" },
};

/** Whether a run may start from a checkpoint of this kind: heads are for evaluations only. */
export const isBase = (checkpoint: CheckpointKind, kind: RunKind) =>
  checkpoint !== "reward" && (checkpoint !== "head" || kind === "evaluation");

export function InputFields({
  kind,
  inputs,
  projectId,
  choices,
  name,
  errors,
  onProject,
  onChange,
}: {
  kind: RunKind;
  inputs: RunInputs;
  projectId: string;
  choices: Choices;
  /** The typed or the suggested one. */
  name: string;
  errors: Readonly<Record<string, string>>;
  onProject: (id: string) => void;
  onChange: (change: Partial<Choices>) => void;
}) {
  const needs = KIND_INPUTS[kind];
  const bases = inputs.checkpoints.filter((checkpoint) => isBase(checkpoint.kind, kind));
  const rewards = inputs.checkpoints.filter((checkpoint) => checkpoint.kind === "reward");
  const datasets = inputs.datasets.filter((dataset) => dataset.kind === needs.dataset);
  return (
    <Card>
      <CardHeader title="What it starts from" />
      <CardBody className="grid gap-4 sm:grid-cols-2">
        <Field label="Project" error={errors.projectId}>
          <Select name="projectId" value={projectId} onChange={(event) => onProject(event.target.value)}>
            {inputs.projects.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Name" hint="How the run and its result are called everywhere" error={errors.name}>
          <Input name="name" value={name} maxLength={120} autoComplete="off" onChange={(event) => onChange({ name: event.target.value })} />
        </Field>
        <Field label="Base checkpoint" hint={needs.base} error={errors.baseCheckpointId}>
          <Select
            name="baseCheckpointId"
            value={choices.baseCheckpointId}
            onChange={(event) => onChange({ baseCheckpointId: event.target.value })}
          >
            <option value="">{bases.length === 0 ? "No checkpoint in this project" : "Choose a checkpoint"}</option>
            {bases.map(({ id, name, kind: checkpointKind, step, runId, promoted }) => (
              <option key={id} value={id}>
                {name} ({checkpointKind}
                {runId === null ? "" : `, step ${step}`}
                {promoted === true ? ", promoted" : ""})
              </option>
            ))}
          </Select>
        </Field>
        {needs.reward !== null && (
          <Field
            label="Reward checkpoint"
            hint={
              rewards.length === 0
                ? "A reward run makes one out of votes"
                : needs.reward === "optional"
                  ? "Scores the completions; without one there is no reward score"
                  : "What the policy is rewarded by"
            }
            error={errors.rewardCheckpointId}
          >
            <Select
              name="rewardCheckpointId"
              value={choices.rewardCheckpointId}
              onChange={(event) => onChange({ rewardCheckpointId: event.target.value })}
            >
              <option value="">
                {rewards.length === 0
                  ? "No reward model in this project"
                  : needs.reward === "optional"
                    ? "None"
                    : "Choose a reward checkpoint"}
              </option>
              {rewards.map(({ id, name, step }) => (
                <option key={id} value={id}>
                  {name} (step {step})
                </option>
              ))}
            </Select>
          </Field>
        )}
        {needs.dataset !== null && (
          <Field
            label="Dataset version"
            hint={
              datasets.length === 0 ? (
                <>
                  Freeze one in{" "}
                  <Link href={`/projects/${projectId}/datasets`} className="text-accent underline">
                    the project
                  </Link>
                </>
              ) : (
                `Frozen ${needs.dataset} rows`
              )
            }
            error={errors.datasetVersionId}
          >
            <Select
              name="datasetVersionId"
              value={choices.datasetVersionId}
              onChange={(event) => onChange({ datasetVersionId: event.target.value })}
            >
              <option value="">{datasets.length === 0 ? `No ${needs.dataset} dataset version yet` : "Choose a dataset version"}</option>
              {datasets.map(({ id, version, counts, simulated }) => (
                <option key={id} value={id}>
                  {needs.dataset} v{version}: {counts.train.toLocaleString("en")} train,{" "}
                  {(counts.validation + counts.test).toLocaleString("en")} held out
                  {simulated ? ", simulated votes" : ""}
                </option>
              ))}
            </Select>
          </Field>
        )}
        {kind === "benchmark" && (
          <p className="self-center text-sm text-muted">
            Published files are read from the worker&apos;s data folder. Where a task&apos;s files are missing, Hone&apos;s own hand-written
            sample of a few rows stands in: it shows that everything works, is named &ldquo;sample&rdquo; in every result, and says nothing
            about the benchmark.
          </p>
        )}
        {needs.dataset === null && kind !== "benchmark" && (
          <p className="figures self-center text-sm text-muted">
            The project has {inputs.prompts.train.toLocaleString("en")} training, {inputs.prompts.validation.toLocaleString("en")}{" "}
            validation and {inputs.prompts.test.toLocaleString("en")} test prompts.
          </p>
        )}
      </CardBody>
    </Card>
  );
}
