/** `npm test`: nothing is there yet but Node. Installs the packages, then hands over to test.ts. */
import { fileURLToPath } from "node:url";
import { checkNode, installPackages } from "./lib/install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
checkNode();
installPackages(root);
const { register } = await import("tsx/esm/api");
register();
await import("./test.ts");
