/** The API by examples, for everybody: what it is for, how a program signs in, what goes in and out, errors and webhooks. */
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { API_SCOPES, SCOPE_WORDS } from "@/domain/api-token";
import { EVENT_WORDS, WEBHOOK_EVENTS } from "@/domain/webhook";
import { MAX_REQUESTS } from "@/server/api/authenticate";
import { MAX_BODY_BYTES } from "@/server/api/handle";
import { PROBLEMS, type ProblemName } from "@/server/api/problem";
import { env } from "@/server/env";
import { CodeBlock } from "../components/ui/code-block";
import { PageHeader } from "../components/ui/page-header";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "../components/ui/tabs";
import {
  datasetExamples,
  type Example,
  importExamples,
  itemExamples,
  judgementExamples,
  trainingExamples,
  webhookExamples,
} from "./examples";

export const metadata: Metadata = { title: "API" };

const ADVICE: Readonly<Record<ProblemName, string>> = {
  "bad-request": "The body is missing or cut off.",
  unauthorized: "Send Authorization: Bearer and a token that is neither revoked nor expired. The detail says which.",
  forbidden: "The token lacks the scope that the detail names, or its person is no researcher any more.",
  "not-found": "Also for what the token does not open, so that nobody can try ids.",
  "method-not-allowed": "The header Allow has the methods of this address.",
  conflict: "Something else changed meanwhile, or a limit is reached; the detail says what to do.",
  gone: "It was there and is not any more.",
  "too-large": "Send the rows in several requests; a row that comes twice is stored once.",
  "unsupported-media-type": "Send application/json (a list) or application/x-ndjson (a row a line).",
  invalid: "errors names the field or the line of each mistake, and what was expected there. Nothing was stored.",
  "rate-limited": "Wait as many seconds as Retry-After says.",
  internal: "Ours. Try again; the request id finds it in the log.",
  unavailable: "The server restarts. Try again in a moment.",
};

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="mb-10">
      <h2 id={id} className="mb-2 scroll-mt-20 text-lg font-semibold">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Examples({ name, examples }: { name: string; examples: readonly Example[] }) {
  const first = examples[0]?.label;
  return (
    <Tabs defaultValue={first}>
      <TabsList aria-label={`${name}, by language`} className="mb-0">
        {examples.map(({ label }) => (
          <TabsTrigger key={label} value={label}>
            {label}
          </TabsTrigger>
        ))}
      </TabsList>
      {examples.map(({ label, code }) => (
        <TabsContent key={label} value={label}>
          <CodeBlock label={label} code={code} />
        </TabsContent>
      ))}
    </Tabs>
  );
}

/** What a word stands for, one a row. */
function Terms({ terms }: { terms: readonly (readonly [id: string | undefined, term: ReactNode, words: string])[] }) {
  return (
    <dl className="my-3 divide-y rounded-lg border bg-surface text-sm">
      {terms.map(([id, term, words]) => (
        <div key={words} id={id} className="scroll-mt-20 gap-4 px-3 py-2 sm:flex">
          <dt className="shrink-0 font-medium sm:w-52">{term}</dt>
          <dd className="text-muted">{words}</dd>
        </div>
      ))}
    </dl>
  );
}

export default function DevelopersPage() {
  const address = env().auth.url;
  return (
    <div className="max-w-[75ch]">
      <PageHeader
        title="API"
        description="Prompts, completions, items and judgements in; datasets frozen and runs started; judgements, rows, scores and rankings out."
        actions={
          <a href="/api/v1/openapi.json" className="text-sm text-accent underline">
            OpenAPI 3.1 description
          </a>
        }
      />
      <Section id="tokens" title="Tokens">
        <p>
          Make one under{" "}
          <Link href="/account/tokens" className="text-accent underline">
            API tokens
          </Link>{" "}
          in the menu of your account (researchers and admins), with the scopes that the program needs, and send it with each request.
          Cookies and parameters do not sign in. A token never does more than its person may at that moment.
        </p>
        <CodeBlock label="curl" code={`curl ${address}/api/v1/me -H "Authorization: Bearer $HONE_TOKEN"`} />
        <Terms terms={API_SCOPES.map((scope) => [undefined, <code key={scope}>{scope}</code>, SCOPE_WORDS[scope]] as const)} />
        <p>
          A token may make {MAX_REQUESTS} requests a minute; a body has at most {MAX_BODY_BYTES / 1024 / 1024} MB. A project is named by its
          id or its slug.
        </p>
      </Section>
      <Section id="prompts" title="Prompts and completions in">
        <p>
          As a JSON list or as JSON lines. The same row sent twice is stored once, so a request that failed on the way can be repeated. One
          bad row and nothing is stored, unless you ask with <code>on_error=keep</code>; <code>dry_run=true</code> only checks.
        </p>
        <Examples name="Import" examples={importExamples(address)} />
      </Section>
      <Section id="items" title="Items in">
        <p>
          An item is what annotators judge together. Give the texts, or <code>completion_ids</code> of completions that are there. Two
          completions make a pair, more a ranking; <code>mode</code> asks for something else.
        </p>
        <Examples name="Items" examples={itemExamples(address)} />
      </Section>
      <Section id="judgements" title="Judgements out">
        <p>
          In pages, or as one stream of JSON lines. Keep <code>next_cursor</code> and ask with it again: no judgement is missed and none
          comes twice, however many are given meanwhile. Annotators are pseudonyms. The rows are those of the export, so they can be
          imported into another installation.
        </p>
        <Examples name="Judgements" examples={judgementExamples(address)} />
      </Section>
      <Section id="datasets" title="Comparisons in, dataset versions frozen">
        <p>
          What was judged elsewhere goes in as an import takes it, and a dataset version is frozen of the judgements that there are. The
          same rows are one version, so a program may freeze every night.
        </p>
        <Examples name="Datasets" examples={datasetExamples(address)} />
      </Section>
      <Section id="runs" title="Runs">
        <p>
          A run has a kind and a config; what is left out has its default, and a wrong field is named. The config of a run that is read can
          be sent again. The id of a checkpoint is the end of the address of its page; each run names those that it made.
        </p>
        <Examples name="Runs" examples={trainingExamples(address)} />
      </Section>
      <Section id="webhooks" title="Webhooks">
        <p>
          Each project has a page Webhooks. Deliveries are signed as the{" "}
          <a href="https://www.standardwebhooks.com" rel="noreferrer" className="text-accent underline">
            Standard Webhooks
          </a>{" "}
          specification says, so its libraries verify them. Answer with any status from 200 to 299 within 15 seconds; otherwise the delivery
          comes again, later and later, for three days. It may also come twice or out of order: <code>webhook-id</code> stays the same. 410
          turns the webhook off.
        </p>
        <Terms terms={WEBHOOK_EVENTS.map((event) => [undefined, <code key={event}>{event}</code>, EVENT_WORDS[event]] as const)} />
        <CodeBlock
          label="A delivery"
          code={`POST /hooks/hone
webhook-id: 4d1f0f5c-6a34-4f5e-9f0e-0a6c1b1f2f3a
webhook-timestamp: 1767225600
webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

{"type": "judgement.created", "timestamp": "2026-01-01T00:00:00.000Z",
 "data": {"project_id": "…", "judgement_id": "…", "item_id": "…", "kind": "pairwise", "purpose": "work"}}`}
        />
        <Examples name="Verifying a delivery" examples={webhookExamples()} />
      </Section>
      <Section id="errors" title="Errors">
        <p>
          Every error is <code>application/problem+json</code> (RFC 9457): its <code>type</code> leads to one of these, <code>detail</code>{" "}
          says what happened, and <code>request_id</code> is the header <code>X-Request-Id</code> of every answer.
        </p>
        <CodeBlock
          label="An error"
          code={`{"type": "/developers#invalid", "title": "What was sent is not valid", "status": 422,
 "detail": "1 of 2 rows are not valid, so nothing was stored. …",
 "errors": [{"line": 2, "message": "completion: expected a text, not nothing"}],
 "request_id": "3f6d…"}`}
        />
        <Terms
          terms={Object.entries(PROBLEMS).map(([name, [status]]) => [name, `${status} ${name}`, ADVICE[name as ProblemName]] as const)}
        />
      </Section>
    </div>
  );
}
