/** `npm run setup-engine [-- --gpu | --remove | --remove-cache]`: brings the native engine into this clone, or takes it out. */
import { Command } from "commander";
import { removeEngine, setupEngine } from "../trainer/engine/setup";

const program = new Command("setup-engine")
  .description("Sets up the native engine from TensorFlow's Python wheel; needs Python with pip and a C++ compiler the first time")
  .option("--gpu", "with CUDA, for NVIDIA GPUs (about 3 GB)", false)
  .option("--remove", "take it out of this clone; WebAssembly is used then", false)
  .option("--remove-cache", "take it out of this clone, and what all clones share of it", false)
  .parse();

const { gpu, remove, removeCache } = program.opts<{ gpu: boolean; remove: boolean; removeCache: boolean }>();
if (remove || removeCache) {
  const removed = removeEngine({ cache: removeCache });
  console.log(removed.length === 0 ? "There was nothing to remove" : `Removed:\n${removed.map((place) => `  ${place}`).join("\n")}`);
  process.exit();
}
const result = await setupEngine({ variant: gpu ? "gpu" : undefined, log: console.log });
if (result.ok) console.log(`Native engine: ${result.how} (${result.seconds} s)`);
else {
  console.error(`No native engine: ${result.reason}. To get it: ${result.advice}. Until then the WebAssembly engine is used.`);
  process.exitCode = 1;
}
