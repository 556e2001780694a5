"use client";
/** Hyper-parameter search: which settings vary and where, how they are chosen, and what is compared. */
import { Plus, X } from "lucide-react";
import type { SweepConfig, TrialConfig } from "@/domain/run";
import { EMPTY_SEARCH, type SearchForm, searchableFields } from "@/domain/sweep-form";
import { Button } from "../../components/ui/button";
import { Card, CardBody } from "../../components/ui/card";
import { cn } from "../../components/ui/cn";
import { Checkbox, Field, Input, Select } from "../../components/ui/field";

const STRATEGIES: Record<SweepConfig["strategy"], string> = {
  grid: "Grid: all combinations",
  random: "Random",
  halving: "Successive halving",
};

/** What a search can compare, by the kind of its trials. */
const METRICS: Record<TrialConfig["kind"], { value: string; label: string; direction: SweepConfig["direction"] }[]> = {
  sft: [
    { value: "loss/validation", label: "Validation loss", direction: "min" },
    { value: "accuracy/validation", label: "Validation accuracy", direction: "max" },
  ],
  reward: [
    { value: "accuracy/validation", label: "Validation accuracy", direction: "max" },
    { value: "loss/validation", label: "Validation loss", direction: "min" },
  ],
  preference: [
    { value: "accuracy/validation", label: "Validation accuracy", direction: "max" },
    { value: "loss/validation", label: "Validation loss", direction: "min" },
  ],
  ppo: [{ value: "objective/rlhf_reward", label: "Reward with KL", direction: "max" }],
};

/** A search to begin with, comparing what the kind reports. */
export function startSearch(kind: TrialConfig["kind"]): SearchForm {
  const [metric] = METRICS[kind];
  return { ...EMPTY_SEARCH, metric: metric?.value ?? "loss/validation", direction: metric?.direction ?? "min" };
}

export function SearchCard({
  kind,
  search,
  errors,
  onChange,
}: {
  kind: TrialConfig["kind"];
  search: SearchForm | null;
  errors: Readonly<Record<string, string>>;
  onChange: (search: SearchForm | null) => void;
}) {
  const fields = searchableFields(kind);
  const change = (part: Partial<SearchForm>) => search !== null && onChange({ ...search, ...part });
  const changeRow = (place: number, row: Partial<SearchForm["rows"][number]>) =>
    search !== null && change({ rows: search.rows.map((own, i) => (i === place ? { ...own, ...row } : own)) });
  return (
    <Card aria-label="Search">
      <div className="flex flex-wrap items-center gap-x-4 px-4 py-1.5">
        <Checkbox
          label={<span className="font-semibold">Search for the best settings</span>}
          checked={search !== null}
          onChange={(event) => onChange(event.target.checked ? startSearch(kind) : null)}
        />
        <span className="text-sm text-muted">A sweep of runs that differ in what you list, shared by all workers</span>
      </div>
      {search !== null && (
        <CardBody className="flex flex-col gap-4 border-t">
          <div className="flex flex-col gap-3">
            {search.rows.map((row, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows are known by their place
              <div key={place} className="grid items-start gap-x-3 gap-y-1 sm:grid-cols-[1fr_1fr_auto]">
                <Field label={place === 0 ? "Setting" : <span className="sr-only">Setting</span>}>
                  <Select value={row.path} onChange={(event) => changeRow(place, { path: event.target.value })}>
                    {fields.map(({ path, label }) => (
                      <option key={path} value={path}>
                        {label}
                      </option>
                    ))}
                  </Select>
                </Field>
                <Field
                  label={place === 0 ? "Values" : <span className="sr-only">Values</span>}
                  error={errors[`rows.${place}`]}
                  hint={place === 0 ? "A list (1e-4, 3e-4, 1e-3), or a range (1e-4 to 1e-2)" : undefined}
                >
                  <Input
                    className="figures"
                    value={row.text}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(event) => changeRow(place, { text: event.target.value })}
                  />
                </Field>
                <Button
                  type="button"
                  variant="ghost"
                  aria-label={`Remove ${fields.find(({ path }) => path === row.path)?.label ?? "the setting"}`}
                  className={cn("justify-self-end", place === 0 && "sm:mt-6")}
                  onClick={() => change({ rows: search.rows.filter((_, i) => i !== place) })}
                >
                  <X aria-hidden="true" className="size-4" />
                </Button>
              </div>
            ))}
            {errors.rows !== undefined && <p className="text-sm text-failed">{errors.rows}</p>}
            {errors["config.parameters"] !== undefined && (
              <p role="alert" className="text-sm text-failed">
                {errors["config.parameters"]}
              </p>
            )}
            <Button
              type="button"
              size="sm"
              className="self-start"
              onClick={() =>
                change({
                  rows: [
                    ...search.rows,
                    { path: fields.find(({ path }) => !search.rows.some((row) => row.path === path))?.path ?? "", text: "" },
                  ],
                })
              }
            >
              <Plus aria-hidden="true" className="size-3.5" />
              Another setting
            </Button>
          </div>
          <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            <Field
              label="Strategy"
              hint={
                search.strategy === "halving"
                  ? "Many short trials; the best go on with more steps"
                  : search.strategy === "grid"
                    ? "Lists only"
                    : "Settings drawn by the seed"
              }
            >
              <Select value={search.strategy} onChange={(event) => change({ strategy: event.target.value as SweepConfig["strategy"] })}>
                {Object.entries(STRATEGIES).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Compare by" hint="The best value that a trial reports">
              <Select
                value={search.metric}
                onChange={(event) => {
                  const metric = METRICS[kind].find(({ value }) => value === event.target.value);
                  if (metric !== undefined) change({ metric: metric.value, direction: metric.direction });
                }}
              >
                {METRICS[kind].map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            </Field>
            {search.strategy !== "grid" && (
              <Field label="Trials" hint={search.strategy === "halving" ? "Of the first rung" : "Runs"} error={errors.trials}>
                <Input
                  className="figures"
                  inputMode="numeric"
                  value={search.trials}
                  onChange={(event) => change({ trials: event.target.value })}
                />
              </Field>
            )}
            {search.strategy === "halving" && (
              <>
                <Field label="Steps of the first rung" error={errors.minSteps}>
                  <Input
                    className="figures"
                    inputMode="numeric"
                    value={search.minSteps}
                    onChange={(event) => change({ minSteps: event.target.value })}
                  />
                </Field>
                <Field label="Factor" hint="One in so many goes on, with so many times the steps; usually 3" error={errors.eta}>
                  <Input
                    className="figures"
                    inputMode="numeric"
                    value={search.eta}
                    onChange={(event) => change({ eta: event.target.value })}
                  />
                </Field>
              </>
            )}
            {search.strategy !== "grid" && (
              <Field label="Seed of the search" error={errors.seed}>
                <Input
                  className="figures"
                  inputMode="numeric"
                  value={search.seed}
                  onChange={(event) => change({ seed: event.target.value })}
                />
              </Field>
            )}
          </div>
        </CardBody>
      )}
    </Card>
  );
}
