"use client";
/** Which models, on which prompts, rated on what, by how many. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { inferOutput } from "@trpc/tanstack-react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { MAX_K } from "@/domain/judgement";
import { splitSchema } from "@/domain/prompt";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { Checkbox, Field, Input, Select } from "../../../../components/ui/field";
import { useToast } from "../../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../../trpc";
import { countOf } from "../../../format";
import { type NumberedScale, ScaleRows } from "./scale-rows";
import { TypedPrompts } from "./typed-prompts";

export type EvaluationInputs = inferOutput<ReturnType<typeof useTRPC>["humanEvaluation"]["inputs"]>;

const numberOf = (data: FormData, name: string) => Number(String(data.get(name)).trim() || Number.NaN);

export function NewEvaluationForm({ projectId, inputs }: { projectId: string; inputs: EvaluationInputs }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const toast = useToast();
  const [from, setFrom] = useState("test");
  const [texts, setTexts] = useState<readonly string[]>([""]);
  const [scales, setScales] = useState<readonly NumberedScale[]>(() => inputs.scales.map((scale, id) => ({ id, ...scale })));
  const create = useMutation(
    trpc.humanEvaluation.create.mutationOptions({
      onSuccess: ({ id, runIds }) => {
        toast({ title: runIds.length === 0 ? "People are asked now" : `${countOf(runIds.length, "run")} sampling the missing answers` });
        void queries.invalidateQueries({ queryKey: trpc.humanEvaluation.pathKey() });
        router.push(`/projects/${projectId}/human/${id}`);
      },
    }),
  );
  const split = splitSchema.options.find((known) => known === from);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    create.mutate({
      projectId,
      name: String(data.get("name")),
      models: [
        ...data.getAll("model").map((id) => ({ modelId: String(id) })),
        ...data.getAll("checkpoint").map((id) => ({ checkpointId: String(id) })),
      ],
      prompts: split === undefined ? { from: "typed", texts: [...texts] } : { from: "split", split, count: numberOf(data, "count") },
      scales: scales.map(({ id: _, ...scale }) => scale),
      overlap: numberOf(data, "overlap"),
      seed: numberOf(data, "seed"),
      temperature: numberOf(data, "temperature"),
      maxNewTokens: numberOf(data, "maxNewTokens"),
    });
  };
  const wrong = (field: string) => fieldError(create.error, field);
  const wrongModel =
    wrong("models") ?? Array.from({ length: MAX_K }, (_, i) => wrong(`models.${i}`)).find((message) => message !== null) ?? null;
  const marked =
    wrongModel !== null ||
    ["name", "prompts.count", "overlap", "seed", "temperature", "maxNewTokens"].some((field) => wrong(field) !== null);
  const answered = inputs.models.filter(({ completions }) => completions > 0);
  const there = split === undefined ? 0 : inputs.prompts[split];
  return (
    <form onSubmit={submit} noValidate aria-label="New human evaluation" className="grid items-start gap-4 *:min-w-0 lg:grid-cols-2">
      <Card>
        <CardHeader title="Models" description="Two to nine, shown to each evaluator in another order and without a name" />
        <CardBody className="flex flex-col gap-3">
          <Field label="Name of the evaluation" error={wrong("name")}>
            <Input name="name" maxLength={80} autoComplete="off" placeholder="Zero-shot against tuned" />
          </Field>
          <fieldset className="max-h-80 overflow-y-auto">
            <legend className="text-sm font-medium">What is compared</legend>
            {answered.map(({ id, name, completions }) => (
              <Checkbox
                key={id}
                name="model"
                value={id}
                label={
                  <>
                    {name} <span className="figures text-muted">{countOf(completions, "answer")}</span>
                  </>
                }
              />
            ))}
            {inputs.checkpoints.map(({ id, name, kind }) => (
              <Checkbox
                key={id}
                name="checkpoint"
                value={id}
                label={
                  <>
                    {name} <span className="text-muted">{kind}, no answers yet</span>
                  </>
                }
              />
            ))}
            {answered.length + inputs.checkpoints.length === 0 && (
              <p className="text-sm text-muted">The project has no models. Import completions, or train a checkpoint.</p>
            )}
          </fieldset>
          {wrongModel !== null && (
            <p role="alert" className="text-sm text-failed">
              {wrongModel}
            </p>
          )}
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label="Temperature"
              hint="Of answers that are missing and sampled; 0 leaves nothing to chance"
              error={wrong("temperature")}
            >
              <Input name="temperature" inputMode="decimal" className="figures" defaultValue="1" />
            </Field>
            <Field label="Tokens at most" hint="Of such an answer; 80 is usual for a summary" error={wrong("maxNewTokens")}>
              <Input name="maxNewTokens" inputMode="numeric" className="figures" defaultValue="80" />
            </Field>
          </div>
        </CardBody>
      </Card>
      <div className="flex flex-col gap-4">
        <Card>
          <CardHeader title="Prompts" />
          <CardBody className="flex flex-col gap-4">
            <div className="grid gap-4 sm:grid-cols-2">
              <Field label="Where from" error={wrong("prompts.split")}>
                <Select value={from} onChange={(event) => setFrom(event.target.value)}>
                  <option value="test">Drawn from the test split</option>
                  <option value="validation">Drawn from the validation split</option>
                  <option value="train">Drawn from the training split</option>
                  <option value="typed">Typed here (zero-shot)</option>
                </Select>
              </Field>
              {split !== undefined && (
                <Field
                  label="How many"
                  hint={`${countOf(there, "prompt")} in this split; 20 to 100 are usual`}
                  error={wrong("prompts.count")}
                >
                  <Input key={split} name="count" inputMode="numeric" className="figures" defaultValue={Math.max(1, Math.min(20, there))} />
                </Field>
              )}
            </div>
            {split === undefined && <TypedPrompts texts={texts} onChange={setTexts} problem={(i) => wrong(`prompts.texts.${i}`)} />}
            {wrong("prompts.texts") !== null && (
              <p role="alert" className="text-sm text-failed">
                {wrong("prompts.texts")}
              </p>
            )}
            <div className="grid gap-4 sm:grid-cols-2">
              <Field label="Evaluators of each prompt" hint="Two or more show how far they agree" error={wrong("overlap")}>
                <Input name="overlap" inputMode="numeric" className="figures" defaultValue={Math.max(2, inputs.overlap)} />
              </Field>
              <Field label="Seed" hint="Draws the prompts, missing answers and intervals" error={wrong("seed")}>
                <Input name="seed" inputMode="numeric" className="figures" defaultValue="1" />
              </Field>
            </div>
          </CardBody>
        </Card>
        <ScaleRows scales={scales} onChange={setScales} problem={(field) => wrong(`scales.${field}`)} problemOfAll={wrong("scales")} />
        {create.isError && (
          <p role="alert" className="text-sm text-failed">
            {marked ? "The fields above say what is wrong." : errorMessage(create.error)} What you entered is kept.
          </p>
        )}
        <div>
          <Button type="submit" variant="primary" loading={create.isPending}>
            Ask people
          </Button>
        </div>
      </div>
    </form>
  );
}
