/** Where the product under test listens and keeps its data. */
import { tmpdir } from "node:os";
import path from "node:path";

export const PORT = Number(process.env.HONE_E2E_PORT ?? 4199);
export const DATA_FOLDER = process.env.HONE_E2E_DATA ?? path.join(tmpdir(), `hone-e2e-${PORT}`);
