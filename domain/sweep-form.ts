/** How a person writes the space of a search: a list "1e-4, 3e-4, 1e-3", or a range "1e-4 to 1e-2". */
import type { SweepConfig, SweepParameter, SweepValue, TrialConfig } from "./run";
import { RUN_FIELDS, type RunField } from "./run-fields";

export type SpaceRow = { path: string; text: string };

/** The form of a search; numbers as text, until it is read. */
export type SearchForm = Pick<SweepConfig, "strategy" | "metric" | "direction"> & {
  trials: string;
  eta: string;
  minSteps: string;
  seed: string;
  rows: SpaceRow[];
};

export const EMPTY_SEARCH: SearchForm = {
  strategy: "random",
  metric: "loss/validation",
  direction: "min",
  trials: "8",
  eta: "3",
  minSteps: "20",
  seed: "1",
  rows: [{ path: "learningRate", text: "1e-4 to 1e-2" }],
};

/** Fields that a search may vary: numbers, choices and switches. */
export const searchableFields = (kind: TrialConfig["kind"]): readonly RunField[] =>
  RUN_FIELDS[kind].filter(({ input }) => input !== "list" && input !== "text");

const RANGE = /^(\S+)\s+to\s+(\S+)$/;
/** Ranges over this factor are searched by orders of magnitude. */
const LOG_FACTOR = 10;

function readValue(field: RunField, text: string): SweepValue | null {
  if (field.input === "choice") return field.choices?.some(({ value }) => value === text) ? text : null;
  if (field.input === "boolean") return text === "true" || text === "yes" ? true : text === "false" || text === "no" ? false : null;
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? null : number;
}

/** A row as a parameter, or what is wrong with it. */
export function readSpaceRow(kind: TrialConfig["kind"], { path, text }: SpaceRow): SweepParameter | { error: string } {
  const field = searchableFields(kind).find((candidate) => candidate.path === path);
  if (field === undefined) return { error: "Choose a setting" };
  const range = RANGE.exec(text.trim());
  if (range && (field.input === "integer" || field.input === "number")) {
    const [min, max] = [Number(range[1]), Number(range[2])];
    if (Number.isNaN(min) || Number.isNaN(max) || min >= max) return { error: "A range needs a smaller and a larger number" };
    return { path, min, max, scale: min > 0 && max / min >= LOG_FACTOR ? "log" : "linear" };
  }
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const values = parts.map((part) => readValue(field, part));
  if (parts.length === 0) return { error: "Enter values, or a range" };
  const wrong = parts.find((_, i) => values[i] === null);
  if (wrong !== undefined)
    return {
      error:
        field.input === "choice"
          ? `${wrong} is none of ${field.choices?.map(({ value }) => value).join(", ")}`
          : field.input === "boolean"
            ? `${wrong} is neither true nor false`
            : `${wrong} is no number`,
    };
  return { path, values };
}

export type SearchResult = { ok: true; search: Omit<SweepConfig, "kind" | "trial"> } | { ok: false; errors: Record<string, string> };

/** A filled-in search, or what is wrong by field; rows under "rows.<place>". */
export function readSearch(kind: TrialConfig["kind"], form: SearchForm): SearchResult {
  const errors: Record<string, string> = {};
  const integer = (name: "trials" | "eta" | "minSteps" | "seed", least: number): number => {
    const value = Number(form[name]);
    if (form[name].trim() === "" || !Number.isInteger(value) || value < least) errors[name] = `Enter a whole number, ${least} or more`;
    return value;
  };
  const parameters = form.rows.flatMap((row, place) => {
    const read = readSpaceRow(kind, row);
    if (!("error" in read)) return [read];
    errors[`rows.${place}`] = read.error;
    return [];
  });
  const numbers = { trials: integer("trials", 2), eta: integer("eta", 2), minSteps: integer("minSteps", 1), seed: integer("seed", 0) };
  if (form.rows.length === 0) errors.rows = "Choose at least one setting";
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const { strategy, metric, direction } = form;
  return { ok: true, search: { strategy, metric, direction, ...numbers, parameters } };
}

/** The form that gives a sweep's search. */
export function searchToForm({ strategy, metric, direction, trials, eta, minSteps, seed, parameters }: SweepConfig): SearchForm {
  return {
    strategy,
    metric,
    direction,
    trials: String(trials),
    eta: String(eta),
    minSteps: String(minSteps),
    seed: String(seed),
    rows: parameters.map((parameter) => ({
      path: parameter.path,
      text: "values" in parameter ? parameter.values.join(", ") : `${parameter.min} to ${parameter.max}`,
    })),
  };
}
