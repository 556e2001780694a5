/**
 * The people of the demo project. Their password is public by design: it is printed by `npm start`
 * and shown on the sign-in page while it is still theirs. Without the demo project they do not exist.
 */
import type { Role } from "./user";

export const DEMO_PASSWORD = "hone-demo-only";

export type DemoAccount = { email: string; name: string; role: Role };

export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { email: "annotator@demo.example", name: "Demo annotator", role: "annotator" },
  { email: "researcher@demo.example", name: "Demo researcher", role: "researcher" },
  { email: "admin@demo.example", name: "Demo admin", role: "admin" },
];
