"use client";
/** The form that starts a run: kind, what it starts from, settings, estimate. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { isTrialKind, type RunConfig, type RunKind, runConfigSchema, runKindSchema } from "@/domain/run";
import { configToForm, parseRunForm, type RunFormValues } from "@/domain/run-fields";
import { readSearch, type SearchForm, searchToForm } from "@/domain/sweep-form";
import { presetConfig, RUN_PRESETS } from "@/domain/run-presets";
import { Button } from "../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { errorMessage, fieldError, useTRPC } from "../../trpc";
import type { RunDetail } from "../[id]/results-tab";
import { KIND_LABELS, KIND_PURPOSES } from "../run-state";
import { ConfigFields } from "./config-fields";
import { EstimateCard, type EstimateInput } from "./estimate-card";
import { SearchCard, startSearch } from "./search-card";
import { type Choices, InputFields, isBase, KIND_INPUTS, type RunInputs } from "./input-fields";

type Initial = {
  kind: RunKind;
  baseCheckpointId: string | null;
  rewardCheckpointId: string | null;
  datasetVersionId: string | null;
  changes: RunFormValues;
};

/** The wanted id when it is offered, else the first one offered when there is no other, else none. */
function pick(wanted: string | null, offered: readonly { id: string }[]): string {
  if (wanted !== null && offered.some(({ id }) => id === wanted)) return wanted;
  return offered.length === 1 ? (offered[0]?.id ?? "") : "";
}

function initialChoices(inputs: RunInputs, kind: RunKind, wanted: Omit<Initial, "kind" | "changes">, name: string | null): Choices {
  const bases = inputs.checkpoints.filter((checkpoint) => isBase(checkpoint.kind, kind));
  const rewards = inputs.checkpoints.filter((checkpoint) => checkpoint.kind === "reward");
  const newest = inputs.datasets.filter((dataset) => dataset.kind === KIND_INPUTS[kind].dataset);
  return {
    name,
    baseCheckpointId: pick(wanted.baseCheckpointId, bases),
    rewardCheckpointId: pick(wanted.rewardCheckpointId, rewards),
    datasetVersionId: pick(wanted.datasetVersionId, newest) || (newest[0]?.id ?? ""),
  };
}

const toId = (text: string) => (text === "" ? null : text);

/** What a run is called until somebody calls it otherwise: after its algorithm, where its kind has several. */
function suggestName(inputs: RunInputs, kind: RunKind, values: RunFormValues, baseCheckpointId: string, searching: boolean): string {
  const base = inputs.checkpoints.find(({ id }) => id === baseCheckpointId);
  const algorithm = kind === "ppo" ? values.method : kind === "preference" ? values.loss : undefined;
  const label = typeof algorithm === "string" ? algorithm.toUpperCase() : KIND_LABELS[kind];
  return base === undefined ? "" : `${searching ? "Sweep of " : ""}${label} on ${base.name}`.slice(0, 120);
}

export function StartForm({
  inputs,
  like,
  initial,
  onProject,
}: {
  inputs: RunInputs;
  like: RunDetail | null;
  initial: Initial;
  onProject: (id: string) => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const projectId = inputs.project?.id ?? "";
  const likeConfig = like?.config.kind === "sweep" ? like.config.trial : like?.config;
  const [kind, setKind] = useState<RunKind>(likeConfig?.kind ?? initial.kind);
  const [values, setValues] = useState<RunFormValues>(() => ({
    ...configToForm(runConfigSchema.parse(likeConfig ?? { kind: initial.kind })),
    ...initial.changes,
  }));
  const [search, setSearch] = useState<SearchForm | null>(() => (like?.config.kind === "sweep" ? searchToForm(like.config) : null));
  const [choices, setChoices] = useState<Choices>(() =>
    initialChoices(inputs, likeConfig?.kind ?? initial.kind, like ?? initial, like === null ? null : `${like.name}, again`.slice(0, 120)),
  );
  const [ownErrors, setOwnErrors] = useState<Readonly<Record<string, string>>>({});
  const create = useMutation(
    trpc.run.create.mutationOptions({
      onSuccess: async ({ id }) => {
        await queryClient.invalidateQueries(trpc.run.list.queryFilter());
        router.push(`/runs/${id}`);
      },
    }),
  );
  const needs = KIND_INPUTS[kind];
  const name = choices.name ?? suggestName(inputs, kind, values, choices.baseCheckpointId, search !== null);
  const parsed = useMemo(() => parseRunForm(kind, values), [kind, values]);
  const ids = {
    baseCheckpointId: choices.baseCheckpointId,
    rewardCheckpointId: needs.reward === null ? null : toId(choices.rewardCheckpointId),
    datasetVersionId: needs.dataset === null ? null : toId(choices.datasetVersionId),
  };
  const complete =
    ids.baseCheckpointId !== "" &&
    (needs.reward !== "required" || ids.rewardCheckpointId !== null) &&
    (needs.dataset === null || ids.datasetVersionId !== null);
  const trialKind = isTrialKind(kind) ? kind : null;
  const searched = useMemo(() => (search === null || trialKind === null ? null : readSearch(trialKind, search)), [search, trialKind]);
  /** The config of the run, or of the sweep where settings are searched for. */
  const config = useMemo((): RunConfig | null => {
    if (!parsed.ok) return null;
    if (search === null || trialKind === null) return parsed.config;
    const sweep = searched?.ok === true ? runConfigSchema.safeParse({ kind: "sweep", trial: parsed.config, ...searched.search }) : null;
    return sweep?.success === true ? sweep.data : null;
  }, [parsed, search, trialKind, searched]);
  const estimateInput: EstimateInput | null = config !== null && complete ? { projectId, config, ...ids } : null;

  const errors: Record<string, string> = { ...ownErrors };
  for (const field of [
    "projectId",
    "name",
    "baseCheckpointId",
    "rewardCheckpointId",
    "datasetVersionId",
    "config.parameters",
    ...Object.keys(values),
  ]) {
    const message = fieldError(create.error, field in values ? `config.${field}` : field);
    if (message !== null) errors[field] ??= message;
  }
  const wrong = Object.keys(errors).length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: when something was found wrong, not while it is being mended
  useEffect(() => {
    if (wrong > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    // Only when something was found wrong, not while it is being mended.
  }, [ownErrors, create.error]);

  const forget = (field: string) => {
    setOwnErrors(({ [field]: _mended, ...rest }) => rest);
    if (create.isError) create.reset();
  };
  const changeKind = (next: RunKind) => {
    setKind(next);
    setValues(configToForm(runConfigSchema.parse({ kind: next })));
    setSearch(search !== null && isTrialKind(next) ? startSearch(next) : null);
    setChoices((now) => ({ ...initialChoices(inputs, next, now, now.name) }));
    setOwnErrors({});
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const problems: Record<string, string> = parsed.ok ? {} : { ...parsed.errors };
    // Without a checkpoint there is no suggestion yet: choosing one gives the name.
    if (name.trim() === "" && (choices.name !== null || ids.baseCheckpointId !== "")) problems.name = "Enter a name";
    if (ids.baseCheckpointId === "") problems.baseCheckpointId = "Choose a checkpoint";
    if (needs.reward === "required" && ids.rewardCheckpointId === null) problems.rewardCheckpointId = "Choose a reward checkpoint";
    if (needs.dataset !== null && ids.datasetVersionId === null) problems.datasetVersionId = "Choose a dataset version";
    if (searched?.ok === false) Object.assign(problems, searched.errors);
    setOwnErrors(problems);
    if (config !== null && Object.keys(problems).length === 0) create.mutate({ projectId, name, config, ...ids });
  };

  return (
    <form ref={form} onSubmit={submit} noValidate className="grid items-start gap-4 lg:grid-cols-[1fr_20rem]" aria-label="Start a run">
      <div className="flex min-w-0 flex-col gap-4">
        <fieldset className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
          <legend className="mb-2 text-sm font-semibold">What the run does</legend>
          {runKindSchema.options
            .filter((option) => option !== "sweep")
            .map((option) => (
              <label
                key={option}
                className="flex cursor-pointer gap-2 rounded-lg border bg-surface p-3 text-sm has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="kind"
                  value={option}
                  checked={kind === option}
                  onChange={() => changeKind(option)}
                  className="mt-0.5 size-4 shrink-0 accent-accent"
                />
                <span>
                  <span className="font-medium">{KIND_LABELS[option]}</span>
                  <span className="block text-xs text-muted">{KIND_PURPOSES[option]}</span>
                </span>
              </label>
            ))}
        </fieldset>
        <InputFields
          kind={kind}
          inputs={inputs}
          projectId={projectId}
          choices={choices}
          name={name}
          errors={errors}
          onProject={onProject}
          onChange={(change) => {
            setChoices((now) => ({ ...now, ...change }));
            for (const field of Object.keys(change)) forget(field);
          }}
        />
        {trialKind !== null && (
          <SearchCard
            kind={trialKind}
            search={search}
            errors={errors}
            onChange={(next) => {
              setSearch(next);
              setOwnErrors((now) => Object.fromEntries(Object.entries(now).filter(([field]) => field in values)));
              if (create.isError) create.reset();
            }}
          />
        )}
        <ConfigFields
          kind={kind}
          values={values}
          errors={errors}
          onChange={(path, value) => {
            setValues((now) => ({ ...now, [path]: value }));
            forget(path);
          }}
        />
      </div>
      <div className="flex flex-col gap-4 lg:sticky lg:top-20">
        <Card>
          <CardHeader title="Presets" description="Each sets all settings; change what you like after" />
          <CardBody className="flex flex-col gap-1 p-2">
            {RUN_PRESETS[kind].map((preset) => (
              <button
                key={preset.name}
                type="button"
                className="rounded-md px-2 py-1.5 text-left text-sm hover:bg-sunken"
                onClick={() => {
                  setValues(configToForm(presetConfig(kind, preset)));
                  setOwnErrors({});
                }}
              >
                <span className="font-medium">{preset.name}</span>
                <span className="block text-xs text-muted">{preset.purpose}</span>
              </button>
            ))}
          </CardBody>
        </Card>
        <EstimateCard
          input={estimateInput}
          missing={config !== null ? "Choose what it starts from to see steps, time and memory." : "Some settings are not valid yet."}
        />
        {wrong > 0 && (
          <p role="alert" className="text-sm text-failed">
            {wrong === 1 ? "One field needs your attention." : `${wrong} fields need your attention.`} Nothing was started.
          </p>
        )}
        {wrong === 0 && create.isError && (
          <p role="alert" className="text-sm text-failed">
            {errorMessage(create.error)} What you entered is kept.
          </p>
        )}
        <Button type="submit" variant="primary" size="lg" className="justify-center" loading={create.isPending}>
          <Rocket aria-hidden="true" className="size-4" />
          {search === null ? "Start the run" : "Start the sweep"}
        </Button>
      </div>
    </form>
  );
}
