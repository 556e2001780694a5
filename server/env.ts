/**
 * The one place that reads the environment. Parsed once; a wrong variable stops the process with its
 * name and what was expected.
 */
import { z } from "zod";

const optional = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value === "" ? null : value));

const flag = z
  .enum(["0", "1", "true", "false", ""])
  .optional()
  .transform((value) => value === "1" || value === "true");

const port = z.coerce
  .number({ error: "expected a port number" })
  .int("expected a port number")
  .min(1, "expected a port number from 1 to 65535")
  .max(65_535, "expected a port number from 1 to 65535");

/** What every process needs. */
const commonSchema = z.object({
  /** Set by `npm start` to the embedded database where no other is given. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "expected postgres://user:password@host:port/database" }),
  /** Folder of the file store and generated secrets. */
  HONE_DATA: z.string().min(1).default(".hone"),
  /** Which engine the worker uses; "auto" takes TensorFlow where it loads, then a card that WebGPU reaches. */
  HONE_ENGINE: z.enum(["auto", "tensorflow", "webgpu", "wasm"], { error: "expected auto, tensorflow, webgpu or wasm" }).default("auto"),
});

const secret = z.string({ error: "expected a random string" }).min(16, "expected at least 16 characters");

const hubSchema = z.object({
  /** Of the Hugging Face hub: to read private data sets and to publish. */
  HF_TOKEN: optional,
  /** Another hub than huggingface.co. */
  HF_ENDPOINT: z.url({ protocol: /^https?$/, error: "expected http(s)://host" }).default("https://huggingface.co"),
});
type Hub = { token: string | null; url: string };
const toHub = (v: z.output<typeof hubSchema>): Hub => ({ token: v.HF_TOKEN, url: v.HF_ENDPOINT.replace(/\/+$/, "") });

const workerSchema = commonSchema.extend({ NEXTAUTH_SECRET: secret, ...hubSchema.shape });

const variablesSchema = commonSchema.extend({
  ...hubSchema.shape,
  /** Where the web process listens. */
  PORT: port.default(3000),
  /** 127.0.0.1 serves this machine only, 0.0.0.0 every network it is in. */
  HOST: z.string().min(1, "expected an address to listen on").default("127.0.0.1"),
  /** Whether `npm start` fills an empty database with the demo project; by default only its own database. */
  HONE_DEMO: z.enum(["0", "1", "true", "false"], { error: "expected 0 or 1" }).optional(),
  /** Largest model that may be uploaded, all its files together. */
  HONE_UPLOAD_GB: z.coerce.number({ error: "expected a number of GiB" }).positive("expected a number of GiB above 0").default(20),
  /** Signs and encrypts sessions, and encrypts the keys of endpoints. `npm start` generates one into the data folder. */
  NEXTAUTH_SECRET: secret,
  /** The address people open, without a path. */
  NEXTAUTH_URL: z.url({ protocol: /^https?$/, error: "expected http(s)://host[:port]" }).default("http://localhost:3000"),
  /** Whether visitors may make accounts (as annotators). */
  HONE_SIGN_UP: flag,
  /** Whether webhooks may go to private networks, and over plain http. */
  HONE_PRIVATE_WEBHOOKS: flag,
  GITHUB_CLIENT_ID: optional,
  GITHUB_CLIENT_SECRET: optional,
  GOOGLE_CLIENT_ID: optional,
  GOOGLE_CLIENT_SECRET: optional,
  OIDC_NAME: optional,
  OIDC_ISSUER: optional,
  OIDC_CLIENT_ID: optional,
  OIDC_CLIENT_SECRET: optional,
});

type Variables = Record<string, string | undefined>;

type OAuthClient = { clientId: string; clientSecret: string };

/** Both or none: half a client is a mistake in the environment. */
function oauthClient(name: string, clientId: string | null, clientSecret: string | null): OAuthClient | null {
  if (clientId !== null && clientSecret !== null) return { clientId, clientSecret };
  if (clientId === null && clientSecret === null) return null;
  throw new Error(`${name}_CLIENT_${clientId === null ? "ID" : "SECRET"}: expected, as the other half of it is set`);
}

export type Env = {
  databaseUrl: string;
  dataFolder: string;
  engine: "auto" | "tensorflow" | "webgpu" | "wasm";
  port: number;
  host: string;
  /** Null when nothing was said. */
  demo: boolean | null;
  hub: Hub;
  privateWebhooks: boolean;
  /** Largest upload of a model's files. */
  uploadBytes: number;
  auth: {
    secret: string;
    url: string;
    signUp: boolean;
    github: OAuthClient | null;
    google: OAuthClient | null;
    oidc: (OAuthClient & { name: string; issuer: string }) | null;
  };
};

/** An empty variable counts as not set, as `PORT= npm start` means it. */
function parseVariables<T extends z.ZodType>(schema: T, variables: Variables): z.infer<T> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Environment:\n  ${lines.join("\n  ")}`);
}

/** Which engine HONE_ENGINE asks for, for commands that need nothing else. */
export const parseEngine = (variables: Variables): Env["engine"] =>
  parseVariables(commonSchema.pick({ HONE_ENGINE: true }), variables).HONE_ENGINE;

/** What a worker needs: it signs nobody in and listens nowhere. The secret opens the keys of endpoints. */
export function parseWorkerEnv(variables: Variables): Pick<Env, "databaseUrl" | "dataFolder" | "engine" | "hub"> & { secret: string } {
  const v = parseVariables(workerSchema, variables);
  return { databaseUrl: v.DATABASE_URL, dataFolder: v.HONE_DATA, engine: v.HONE_ENGINE, hub: toHub(v), secret: v.NEXTAUTH_SECRET };
}

/** Parses `variables`; throws an error that names each wrong variable and what was expected. */
export function parseEnv(variables: Variables): Env {
  const v = parseVariables(variablesSchema, variables);
  const oidc = oauthClient("OIDC", v.OIDC_CLIENT_ID, v.OIDC_CLIENT_SECRET);
  if (oidc !== null && v.OIDC_ISSUER === null) throw new Error("OIDC_ISSUER: expected, as OIDC_CLIENT_ID is set");
  return {
    databaseUrl: v.DATABASE_URL,
    dataFolder: v.HONE_DATA,
    engine: v.HONE_ENGINE,
    port: v.PORT,
    host: v.HOST,
    privateWebhooks: v.HONE_PRIVATE_WEBHOOKS,
    demo: v.HONE_DEMO === undefined ? null : v.HONE_DEMO === "1" || v.HONE_DEMO === "true",
    hub: toHub(v),
    uploadBytes: v.HONE_UPLOAD_GB * 2 ** 30,
    auth: {
      secret: v.NEXTAUTH_SECRET,
      url: v.NEXTAUTH_URL,
      signUp: v.HONE_SIGN_UP,
      github: oauthClient("GITHUB", v.GITHUB_CLIENT_ID, v.GITHUB_CLIENT_SECRET),
      google: oauthClient("GOOGLE", v.GOOGLE_CLIENT_ID, v.GOOGLE_CLIENT_SECRET),
      oidc: oidc === null ? null : { ...oidc, name: v.OIDC_NAME ?? "OpenID Connect", issuer: v.OIDC_ISSUER ?? "" },
    },
  };
}

/** What webhooks go by. */
export function webhookRules({ auth, privateWebhooks }: Env): { secret: string; allowPrivate: boolean } {
  return { secret: auth.secret, allowPrivate: privateWebhooks };
}

let cached: Env | undefined;

/** The environment of this process. */
export function env(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}
