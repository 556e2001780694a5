/** `npm run web`: one web process against DATABASE_URL, built first when its sources changed. Any number may run behind a balancer. */
import { migrateDatabase } from "../db/migrate";
import { parseEnv } from "../server/env";
import { buildWeb } from "./lib/build";
import { startChild, stopChild } from "./lib/children";
import { completeEnvironment, loadEnvFile } from "./lib/environment";
import { fail } from "./lib/fail";
import { webArguments } from "./lib/web-process";

async function main(): Promise<number> {
  loadEnvFile();
  const variables = completeEnvironment();
  const env = parseEnv(variables);
  await migrateDatabase(env.databaseUrl);
  const { built } = await buildWeb(variables);
  if (built) console.log("Built the web application");
  const web = startChild("web", webArguments(env), { env: variables, logFolder: env.dataFolder, echo: true });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stopChild(web, 10_000));
  const { code } = await web.ended;
  return code ?? 0;
}

main().then((code) => process.exit(code), fail);
