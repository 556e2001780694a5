"use client";
/** What annotators are asked: modes and their shares, scales, hosts of images; with the screen as they will see it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { inferOutput } from "@trpc/tanstack-react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { type AnnotationSettings, MODE_NAMES, type ModeShare } from "@/domain/annotation/settings";
import { type ItemMode, itemModeSchema, MODE_SIZES } from "@/domain/judgement";
import { MAX_SCALES, type Scale } from "@/domain/scale";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { Field, Input, Textarea } from "../../../components/ui/field";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";
import { AnnotationPreview } from "./annotation-preview";

type Project = inferOutput<ReturnType<typeof useTRPC>["project"]["get"]>;

const HINTS: Record<ItemMode, string> = {
  pairwise: "Which of two answers is better, in seven steps",
  ranking: "All answers in order, ties allowed",
  best_of_n: "The best of several; faster than a ranking",
  rating: "Each answer on each of the scales below",
  edit: "One answer is put right; gives a pair and a reference",
  demonstration: "The ideal answer is written; prompts need no completions",
};

/** Every mode has a row; those without a share are left out when it is saved. */
function rowsOf({ modes }: AnnotationSettings): ModeShare[] {
  return itemModeSchema.options.map(
    (mode) => modes.find((known) => known.mode === mode) ?? { mode, share: 0, completions: Math.min(4, MODE_SIZES[mode][1]) },
  );
}

export function AnnotationForm({ project }: { project: Project }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [rows, setRows] = useState(() => rowsOf(project.annotation));
  const [scales, setScales] = useState(() => project.annotation.scales.map((scale, id) => ({ id, ...scale })));
  const [hosts, setHosts] = useState(project.annotation.imageHosts.join("\n"));
  const total = rows.reduce((sum, { share }) => sum + share, 0);
  const settings: AnnotationSettings = {
    modes: rows.filter(({ share }) => share > 0),
    scales: scales.map(({ id: _, ...scale }) => scale),
    imageHosts: hosts
      .split("\n")
      .map((host) => host.trim())
      .filter((host) => host !== ""),
  };
  const change = useMutation(
    trpc.project.changeAnnotation.mutationOptions({
      onSuccess: () => {
        toast({ title: "What annotators see is saved" });
        void queries.invalidateQueries();
      },
    }),
  );
  const changeRow = (mode: ItemMode, part: Partial<ModeShare>) =>
    setRows(rows.map((row) => (row.mode === mode ? { ...row, ...part } : row)));
  const changeScale = (id: number, part: Partial<Scale>) =>
    setScales(scales.map((scale) => (scale.id === id ? { ...scale, ...part } : scale)));
  const wrong = (field: string) => fieldError(change.error, `annotation.${field}`);
  const wrongScale = (i: number) =>
    (["name", "points", "low", "high"] as const).map((part) => wrong(`scales.${i}.${part}`)).find((message) => message !== null) ?? null;
  const wrongHost = settings.imageHosts
    .map((host, i) => ({ host, message: wrong(`imageHosts.${i}`) }))
    .find(({ message }) => message !== null);
  const number = (text: string) => Math.max(0, Math.floor(Number(text)) || 0);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[30rem_minmax(0,1fr)]">
      <form
        noValidate
        aria-label="Annotation"
        className="flex max-w-2xl min-w-0 flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ projectId: project.id, annotation: settings });
        }}
      >
        <Card>
          <CardHeader
            title="Modes"
            description="For items made from now on: each prompt becomes an item of one of them, by chance of the shares"
          />
          <CardBody>
            <div className="grid grid-cols-[1fr_4.5rem_4.5rem] items-center gap-x-3 gap-y-3 text-sm">
              <span className="text-xs font-medium text-muted" aria-hidden="true">
                Mode
              </span>
              <span className="text-xs font-medium text-muted" aria-hidden="true">
                Share
              </span>
              <span className="text-xs font-medium text-muted" aria-hidden="true">
                Answers
              </span>
              {rows.map(({ mode, share, completions }) => {
                const [min, max] = MODE_SIZES[mode];
                return (
                  <div key={mode} className="contents">
                    <div>
                      <p className="font-medium">
                        {MODE_NAMES[mode]}{" "}
                        {share > 0 && <span className="figures font-normal text-muted">{Math.round((100 * share) / total)} %</span>}
                      </p>
                      <p className="text-xs text-muted">{HINTS[mode]}</p>
                    </div>
                    <Input
                      aria-label={`Share of ${MODE_NAMES[mode]}`}
                      inputMode="numeric"
                      className="figures"
                      value={String(share)}
                      onChange={(event) => changeRow(mode, { share: number(event.target.value) })}
                    />
                    {min === max ? (
                      <span className="figures px-3 text-muted">{min}</span>
                    ) : (
                      <Input
                        aria-label={`Answers at most, ${MODE_NAMES[mode]}`}
                        inputMode="numeric"
                        className="figures"
                        value={String(completions)}
                        onChange={(event) => changeRow(mode, { completions: number(event.target.value) })}
                      />
                    )}
                  </div>
                );
              })}
            </div>
            {[wrong("modes"), ...settings.modes.flatMap((_, i) => [wrong(`modes.${i}.completions`), wrong(`modes.${i}.share`)])].map(
              (message) =>
                message !== null && (
                  <p key={message} role="alert" className="mt-2 text-sm text-failed">
                    {message}
                  </p>
                ),
            )}
          </CardBody>
        </Card>
        <Card>
          <CardHeader
            title="Scales"
            description="For ratings; stored ratings keep the scales they were given on"
            actions={
              <Button
                size="sm"
                disabled={scales.length >= MAX_SCALES}
                onClick={() =>
                  setScales([...scales, { id: Math.max(-1, ...scales.map(({ id }) => id)) + 1, name: "", points: 5, low: "", high: "" }])
                }
              >
                <Plus aria-hidden="true" className="size-4" />
                Add
              </Button>
            }
          />
          <CardBody className="flex flex-col gap-3">
            {scales.map(({ id, name, points, low, high }, i) => (
              <fieldset key={id} className="grid grid-cols-[1fr_4.5rem_auto] gap-2 border-b pb-3 last:border-b-0 last:pb-0">
                <legend className="sr-only">Scale {i + 1}</legend>
                <Input
                  aria-label="Name"
                  placeholder="Name"
                  maxLength={40}
                  value={name}
                  onChange={(event) => changeScale(id, { name: event.target.value })}
                />
                <Input
                  aria-label="Points, 2 to 10"
                  inputMode="numeric"
                  className="figures"
                  value={String(points)}
                  onChange={(event) => changeScale(id, { points: number(event.target.value) })}
                />
                <Input
                  aria-label="What 1 means"
                  placeholder="What 1 means"
                  maxLength={40}
                  className="order-1 col-span-3"
                  value={low}
                  onChange={(event) => changeScale(id, { low: event.target.value })}
                />
                <Input
                  aria-label={`What ${points} means`}
                  placeholder={`What ${points} means`}
                  maxLength={40}
                  className="order-1 col-span-3"
                  value={high}
                  onChange={(event) => changeScale(id, { high: event.target.value })}
                />
                <Button
                  size="icon"
                  variant="ghost"
                  aria-label={`Remove scale ${name === "" ? i + 1 : name}`}
                  disabled={scales.length === 1}
                  onClick={() => setScales(scales.filter((scale) => scale.id !== id))}
                >
                  <X aria-hidden="true" className="size-4" />
                </Button>
                {wrongScale(i) !== null && (
                  <p role="alert" className="col-span-full text-sm text-failed">
                    {wrongScale(i)}
                  </p>
                )}
              </fieldset>
            ))}
            {wrong("scales") !== null && (
              <p role="alert" className="text-sm text-failed">
                {wrong("scales")}
              </p>
            )}
          </CardBody>
        </Card>
        <Card>
          <CardHeader title="Images" />
          <CardBody>
            <Field
              label="Hosts"
              hint="One a line, as images.example.org or *.example.org. Images of these hosts are shown, over https; others are links."
              error={wrongHost === undefined ? wrong("imageHosts") : `${wrongHost.host}: ${wrongHost.message}`}
            >
              <Textarea rows={3} spellCheck={false} value={hosts} onChange={(event) => setHosts(event.target.value)} />
            </Field>
          </CardBody>
        </Card>
        {change.isError && (
          <p role="alert" className="text-sm text-failed">
            {errorMessage(change.error)} What you entered is kept.
          </p>
        )}
        <div>
          <Button type="submit" variant="primary" loading={change.isPending}>
            Save annotation
          </Button>
        </div>
      </form>
      <AnnotationPreview projectId={project.id} settings={settings} reasons={project.reasons} />
    </div>
  );
}
