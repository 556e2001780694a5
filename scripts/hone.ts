/** `npm run hone -- <verb>`: what a terminal can ask of an installation. */
import { Command } from "commander";
import { findRunningUrl } from "../db/embedded";
import { loadEngine } from "../trainer/engine/engine";
import { missingCudaLibraries } from "../trainer/engine/cuda-libraries";
import { cudaFolder } from "../trainer/engine/setup";
import { findTools } from "../trainer/engine/setup-tools";
import { describePlatform } from "../trainer/engine/setup-wheel";
import { describeWebgpu, findWebgpuAdapter } from "../trainer/engine/webgpu";
import { benchmark, type BenchmarkOptions } from "./lib/benchmark";
import { dataFolder, loadEnvFile } from "./lib/environment";
import { fail } from "./lib/fail";
import { humanEvaluation } from "./lib/human-evaluation";
import { addModelCommands } from "./lib/model-commands";
import { type TrainFileOptions, trainFile } from "./lib/train-file";

type Report = {
  engine: string;
  why: string;
  platform: string;
  node: string;
  database: string;
  python: string;
  compiler: string;
  gpu: string;
  cuda: string;
  webgpu: string;
  advice: string[];
};

/** Which engine this machine has and why, and what would give a faster one. */
async function doctor(): Promise<Report> {
  loadEnvFile();
  const tools = await findTools();
  const engine = await loadEngine();
  const native = engine.name === "tensorflow";
  const missing = [
    tools.python === null && "Python 3",
    tools.pip === null && "pip",
    tools.compiler === null && "a C++ compiler (g++)",
    tools.make === null && "make",
  ].filter((name) => name !== false);
  const advice: string[] = [];
  if (!native)
    advice.push(missing.length > 0 ? `Install ${missing.join(", ")}, then run: npm run setup-engine` : "Run: npm run setup-engine");
  const cuda = cudaFolder();
  const lacking = cuda === null ? [] : await missingCudaLibraries(cuda);
  if (tools.gpu !== null && cuda === null) advice.push("For CUDA on this GPU: npm run setup-engine -- --gpu");
  for (const { library, package: source } of lacking) advice.push(`${library} is missing, which ${source} brings`);
  return {
    engine: engine.description,
    why: native
      ? "the native library loads"
      : missing.length > 0
        ? `the native library needs ${missing.join(", ")}`
        : "the native library is not set up",
    platform: describePlatform(),
    node: process.version,
    database: process.env.DATABASE_URL
      ? "DATABASE_URL"
      : findRunningUrl(dataFolder()) === null
        ? "embedded, not running"
        : "embedded, running",
    python: tools.python?.version ?? "not found",
    compiler: tools.compiler ?? "not found",
    gpu: tools.gpu ?? "no NVIDIA GPU found",
    cuda:
      engine.device === "cuda"
        ? "in use"
        : cuda === null
          ? "not set up"
          : lacking.length > 0
            ? `${lacking.length} of its libraries are missing`
            : "set up, and TensorFlow finds no GPU",
    webgpu: describeWebgpu(await findWebgpuAdapter()),
    advice,
  };
}

const program = new Command("npm run hone --").description("Commands of a Hone installation");
program
  .command("doctor")
  .description("which engine the trainer uses and why, versions, what is missing and how to get it")
  .option("--json", "for programs", false)
  .action(async ({ json }: { json: boolean }) => {
    const report = await doctor();
    if (json) return console.log(JSON.stringify(report, null, 2));
    const { advice, ...rows } = report;
    for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(10)} ${value}`);
    for (const line of advice) console.log(`\n${line}`);
  });

program
  .command("benchmark")
  .description("scores a model folder on GLUE, SuperGLUE, MMLU, HELM's core scenarios or single tasks, without a database")
  .requiredOption("--checkpoint <folder>", "a Hugging Face model folder")
  .requiredOption("--tasks <names>", "suites and tasks, separated by commas: glue, super_glue, mmlu, helm, cola ...")
  .option(
    "--data <folder>",
    "published files in the hub's layout (default: benchmarks/ of HONE_DATA); tasks without files run on Hone's small hand-written samples",
  )
  .option("--hub", "fetches what the folder does not have from the Hugging Face hub (HF_TOKEN for gated data sets)", false)
  .option("--shots <n>", "examples before each item, instead of each task's own number")
  .option("--limit <n>", "rows of each task at most")
  .option("--batch-size <n>", "requests at once", "16")
  .option("--seed <n>", "of examples and intervals", "1")
  .option("--json", "for programs", false)
  .action((options: BenchmarkOptions) => benchmark(options));

program
  .command("train")
  .description(
    "fine-tune a model folder on a JSONL file of rows (prompt or messages, completion; task, label, split), without database or web",
  )
  .requiredOption("--model <folder>", "Hugging Face folder to start from")
  .requiredOption("--data <file>", "rows: an export of a dataset version, or any file that the import of prompts reads")
  .requiredOption("--out <folder>", "where checkpoints and events.jsonl go; a run that was stopped there goes on")
  .option("--config <json>", "settings of an SFT run that are not the defaults, as JSON or a file of it", "{}")
  .option("--json", "for programs", false)
  .action(async (options: TrainFileOptions) => {
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    process.once("SIGTERM", () => stop.abort());
    await trainFile(options, stop.signal);
  });

program
  .command("human-evaluation")
  .description("computes the results of a human evaluation again from its JSON download, without database or web")
  .argument("<file>", "what the button JSON of its page gives")
  .option("--json", "for programs", false)
  .action((file: string, { json }: { json: boolean }) => humanEvaluation(file, json));

addModelCommands(program);

program.parseAsync().then(
  () => process.exit(0),
  (error: unknown) => fail(error),
);
