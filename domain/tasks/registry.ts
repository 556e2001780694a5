/** Every task and suite by name. */
import { GLUE_TASKS } from "./glue";
import { HELM_TASKS } from "./helm";
import { MMLU_CATEGORIES, MMLU_TASKS, mmluTaskName } from "./mmlu";
import { SUPER_GLUE_TASKS } from "./super-glue";
import type { Task } from "./task";

export const TASKS: readonly Task[] = [...GLUE_TASKS, ...SUPER_GLUE_TASKS, ...MMLU_TASKS, ...HELM_TASKS];

/**
 * Tasks that are reported together. "tasks" is the plain mean over tasks, each the mean of its metrics, as GLUE and
 * SuperGLUE define their scores; "items" is the mean over all items, as MMLU's; null has no average, as HELM.
 */
export type Suite = { name: string; title: string; tasks: readonly string[]; average: "tasks" | "items" | null };

const names = (tasks: readonly Task[]) => tasks.map(({ name }) => name);

export const SUITES: readonly Suite[] = [
  { name: "glue", title: "GLUE", tasks: names(GLUE_TASKS), average: "tasks" },
  { name: "super_glue", title: "SuperGLUE", tasks: names(SUPER_GLUE_TASKS), average: "tasks" },
  { name: "mmlu", title: "MMLU", tasks: names(MMLU_TASKS), average: "items" },
  ...Object.entries(MMLU_CATEGORIES).map(
    ([category, subjects]): Suite => ({
      name: `mmlu_${category}`,
      title: `MMLU ${category.replaceAll("_", " ")}`,
      tasks: subjects.map(mmluTaskName),
      average: "items",
    }),
  ),
  { name: "helm", title: "HELM core", tasks: [...names(HELM_TASKS), ...names(MMLU_TASKS)], average: null },
];

/** SuperGLUE's diagnostics stand beside its average, not in it. */
const DIAGNOSTICS = new Set(["axb", "axg"]);

/** Tasks of one key count once in an average (MNLI's two sets); null stays out of it. */
export const averageKey = (task: string): string | null => (DIAGNOSTICS.has(task) ? null : task === "mnli_mismatch" ? "mnli" : task);

export const findTask = (name: string): Task | undefined => TASKS.find((task) => task.name === name);
export const findSuite = (name: string): Suite | undefined => SUITES.find((suite) => suite.name === name);

/** The tasks of task and suite names, each once, in the registry's order. Throws naming what is unknown. */
export function expandTasks(wanted: readonly string[]): Task[] {
  const chosen = new Set<string>();
  for (const name of wanted) {
    const suite = findSuite(name);
    if (suite === undefined && findTask(name) === undefined)
      throw new Error(`There is no benchmark task or suite "${name}" (suites: ${SUITES.map((known) => known.name).join(", ")})`);
    for (const task of suite?.tasks ?? [name]) chosen.add(task);
  }
  return TASKS.filter(({ name }) => chosen.has(name));
}
