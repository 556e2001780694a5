/** The engine of the commands: HONE_ENGINE's, as the worker's. */
import { parseEngine } from "../../server/env";
import { type Engine, loadEngine } from "../../trainer/engine/engine";
import { loadEnvFile } from "./environment";

export function loadChosenEngine(): Promise<Engine> {
  loadEnvFile();
  return loadEngine({ prefer: parseEngine(process.env) });
}
