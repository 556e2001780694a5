/** `npm run setup-engine [-- --gpu]`: brings the native engine into this clone. */
import { Command } from "commander";
import { setupEngine } from "../trainer/engine/setup";

const program = new Command("setup-engine")
  .description("Sets up the native engine from TensorFlow's Python wheel; needs Python with pip and a C++ compiler the first time")
  .option("--gpu", "with CUDA, for NVIDIA GPUs (about 3 GB)", false)
  .parse();

const { gpu } = program.opts<{ gpu: boolean }>();
const result = await setupEngine({ variant: gpu ? "gpu" : undefined, log: console.log });
if (result.ok) console.log(`Native engine: ${result.how} (${result.seconds} s)`);
else {
  console.error(`No native engine: ${result.reason}. To get it: ${result.advice}. Until then the WebAssembly engine is used.`);
  process.exitCode = 1;
}
