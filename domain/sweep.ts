/**
 * Hyper-parameter search as pure functions: which settings a sweep tries, and what comes after those that are done.
 * Sources: Bergstra & Bengio 2012 (random search); Jamieson & Talwalkar 2016 (successive halving).
 *
 * Each rung of a halving is runs of their own from the start, since a schedule of the learning rate depends on the
 * number of steps: a rung costs as much as the one before it.
 */
import { createRandom } from "./random";
import { type SweepConfig, type SweepParameter, type SweepValue, type TrialConfig, trialConfigSchema } from "./run";

/** Value of each parameter by path. */
export type Setting = Record<string, SweepValue>;

/** What is wrong with a sweep, for people. */
export class SweepError extends Error {}

/** The most trials of a grid. */
const MAX_TRIALS = 200;

/** The values that a grid has of a parameter. Throws for a range, of which there are too many. */
function listed(parameter: SweepParameter): SweepValue[] {
  if ("values" in parameter) return parameter.values;
  throw new SweepError(`${parameter.path}: a grid needs a list of values, not a range`);
}

function gridSettings(parameters: readonly SweepParameter[]): Setting[] {
  return parameters.reduce<Setting[]>(
    (settings, parameter) => settings.flatMap((setting) => listed(parameter).map((value) => ({ ...setting, [parameter.path]: value }))),
    [{}],
  );
}

/** Draws past this many repeats of what is there already mean that there is nothing more to draw. */
const MAX_REPEATS = 200;

function randomSettings({ parameters, trials, seed, trial }: Pick<SweepConfig, "parameters" | "trials" | "seed" | "trial">): Setting[] {
  const random = createRandom(seed, "sweep");
  const settings = new Map<string, Setting>();
  for (let repeats = 0; settings.size < trials && repeats < MAX_REPEATS; ) {
    const setting = Object.fromEntries(
      parameters.map((parameter): [string, SweepValue] => {
        if ("values" in parameter) return [parameter.path, random.pick(parameter.values)];
        const { min, max, scale } = parameter;
        const drawn =
          scale === "log" ? Math.exp(Math.log(min) + random.next() * (Math.log(max) - Math.log(min))) : min + random.next() * (max - min);
        return [
          parameter.path,
          Number.isInteger(valueAt(trial, parameter.path)) && Number.isInteger(min) && Number.isInteger(max)
            ? Math.round(drawn)
            : Number(drawn.toPrecision(4)),
        ];
      }),
    );
    const key = JSON.stringify(setting);
    if (settings.has(key)) repeats++;
    else settings.set(key, setting);
  }
  return [...settings.values()];
}

function valueAt(config: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
      config,
    );
}

function withValue(config: Record<string, unknown>, path: string, value: SweepValue): Record<string, unknown> {
  const [first = "", ...rest] = path.split(".");
  if (rest.length === 0) return { ...config, [first]: value };
  const inner = config[first];
  return {
    ...config,
    [first]: withValue(typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {}, rest.join("."), value),
  };
}

/** The field that says how long a trial is. */
const BUDGET = { sft: "maxSteps", reward: "maxSteps", preference: "maxSteps", ppo: "iterations" } as const satisfies Record<
  TrialConfig["kind"],
  string
>;

/** A trial's config: that of the sweep with a setting, and with `steps` where its strategy decides about them. */
export function trialConfig(sweep: SweepConfig, setting: Setting, rung: number): TrialConfig {
  let config: Record<string, unknown> = { ...sweep.trial };
  for (const [path, value] of Object.entries(setting)) config = withValue(config, path, value);
  if (sweep.strategy === "halving") config[BUDGET[sweep.trial.kind]] = rungSteps(sweep, rung);
  const parsed = trialConfigSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SweepError(`With ${describeSetting(setting)}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parsed.data;
}

export const rungSteps = ({ minSteps, eta }: Pick<SweepConfig, "minSteps" | "eta">, rung: number): number => minSteps * eta ** rung;

/** "learningRate 0.001, lora.r 8" */
export const describeSetting = (setting: Setting): string =>
  Object.entries(setting)
    .map(([path, value]) => `${path} ${value}`)
    .join(", ");

/** The settings of the first rung, each checked. Throws SweepError naming what is wrong. */
export function planTrials(sweep: SweepConfig): Setting[] {
  const { parameters, strategy, trial } = sweep;
  const paths = parameters.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new SweepError(`${twice}: is there twice`);
  for (const parameter of parameters) {
    const { path } = parameter;
    if (path === "kind" || valueAt(trial, path) === undefined) throw new SweepError(`${path}: a ${trial.kind} run has no such field`);
    if (strategy === "halving" && path === BUDGET[trial.kind]) throw new SweepError(`${path}: halving decides about it`);
    if ("min" in parameter && !(parameter.min < parameter.max))
      throw new SweepError(`${path}: the range needs a smaller and a larger number`);
    if ("min" in parameter && parameter.scale === "log" && parameter.min <= 0)
      throw new SweepError(`${path}: a logarithmic range begins above 0`);
  }
  const settings = strategy === "grid" ? gridSettings(parameters) : randomSettings(sweep);
  if (settings.length > MAX_TRIALS) throw new SweepError(`The grid has ${settings.length} settings; at most ${MAX_TRIALS}`);
  for (const setting of settings) trialConfig(sweep, setting, 0);
  return settings;
}

/** How many trials each rung has: one of all, or ever fewer while more than one is left to compare. */
export function rungSizes(sweep: SweepConfig, first: number): number[] {
  const sizes = [first];
  if (sweep.strategy === "halving")
    for (let size = Math.floor(first / sweep.eta); size >= 1; size = Math.floor(size / sweep.eta)) sizes.push(size);
  return sizes;
}

/** Trials of all rungs together. */
export const plannedTrials = (sweep: SweepConfig): number =>
  rungSizes(sweep, planTrials(sweep).length).reduce((sum, size) => sum + size, 0);

/** A trial that has ended; `value` is its best value of the metric, null where it reported none. */
export type Trial = { id: string; setting: Setting; rung: number; value: number | null };

/** Best first; those without a value last. */
export function rankTrials<T extends Pick<Trial, "value">>(trials: readonly T[], direction: SweepConfig["direction"]): T[] {
  const sign = direction === "min" ? 1 : -1;
  return [...trials].sort((a, b) => (a.value === null ? 1 : 0) - (b.value === null ? 1 : 0) || sign * ((a.value ?? 0) - (b.value ?? 0)));
}

export type NextRung = { kind: "start"; rung: number; settings: Setting[] } | { kind: "done"; best: Trial | null };

/** What follows once every trial that was started has ended. */
export function nextRung(sweep: SweepConfig, trials: readonly Trial[]): NextRung {
  if (trials.length === 0) return { kind: "start", rung: 0, settings: planTrials(sweep) };
  const rung = Math.max(...trials.map((trial) => trial.rung));
  const own = rankTrials(
    trials.filter((trial) => trial.rung === rung),
    sweep.direction,
  ).filter(({ value }) => value !== null);
  const sizes = rungSizes(sweep, trials.filter((trial) => trial.rung === 0).length);
  const size = sizes[rung + 1] ?? 0;
  if (size > 0 && own.length > 0) return { kind: "start", rung: rung + 1, settings: own.slice(0, size).map(({ setting }) => setting) };
  // The last rung that has a value decides: its trials had the most steps.
  return { kind: "done", best: own[0] ?? rankTrials(trials, sweep.direction).find(({ value }) => value !== null) ?? null };
}

/** A trial's setting and rung, read back from its config. */
export function settingOf(sweep: SweepConfig, config: TrialConfig): { setting: Setting; rung: number } {
  const setting = Object.fromEntries(
    sweep.parameters.map(({ path }): [string, SweepValue] => [path, (valueAt(config, path) ?? null) as SweepValue]),
  );
  const steps = Number(valueAt(config, BUDGET[config.kind]));
  return { setting, rung: sweep.strategy === "halving" ? Math.round(Math.log(steps / sweep.minSteps) / Math.log(sweep.eta)) : 0 };
}
