/** The examples of the page: `address` is where this installation is reached. The tests run those of the API as they stand here. */

export type Example = { label: "curl" | "Python" | "TypeScript"; code: string };

const PROJECT = "support-summaries";

export function importExamples(address: string): Example[] {
  return [
    {
      label: "curl",
      code: `curl ${address}/api/v1/projects/${PROJECT}/completions \\
  -H "Authorization: Bearer $HONE_TOKEN" \\
  -H "Content-Type: application/x-ndjson" \\
  --data-binary @- <<'ROWS'
{"prompt": "Why is the sky blue?", "completion": "Air scatters blue light most.", "model": "small-v1", "split": "train"}
{"prompt": "Why is the sky blue?", "completion": "It mirrors the sea.", "model": "small-v2"}
ROWS`,
    },
    {
      label: "Python",
      code: `import os
import requests

hone = requests.Session()
hone.headers["Authorization"] = f"Bearer {os.environ['HONE_TOKEN']}"
project = "${address}/api/v1/projects/${PROJECT}"

rows = [
    {"prompt": "Why is the sky blue?", "completion": "Air scatters blue light most.", "model": "small-v1"},
    {"prompt": "Why is the sky blue?", "completion": "It mirrors the sea.", "model": "small-v2"},
]
answer = hone.post(f"{project}/completions", json=rows)
if answer.status_code == 422:
    for error in answer.json()["errors"]:
        print(error)  # {'line': 2, 'message': 'completion: expected a text, not nothing'}
answer.raise_for_status()
print(answer.json()["created"])  # {'prompts': 1, 'completions': 2}`,
    },
    {
      label: "TypeScript",
      code: `const project = "${address}/api/v1/projects/${PROJECT}";
const headers = { authorization: \`Bearer \${process.env.HONE_TOKEN}\`, "content-type": "application/json" };

const rows = [
  { prompt: "Why is the sky blue?", completion: "Air scatters blue light most.", model: "small-v1" },
  { prompt: "Why is the sky blue?", completion: "It mirrors the sea.", model: "small-v2" },
];
const answer = await fetch(\`\${project}/completions\`, { method: "POST", headers, body: JSON.stringify(rows) });
if (!answer.ok) throw new Error((await answer.json()).detail);
console.log((await answer.json()).created); // { prompts: 1, completions: 2 }`,
    },
  ];
}

export function itemExamples(address: string): Example[] {
  return [
    {
      label: "curl",
      code: `curl ${address}/api/v1/projects/${PROJECT}/items \\
  -H "Authorization: Bearer $HONE_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '[{
    "prompt": "Why is the sky blue?",
    "completions": [
      {"text": "Air scatters blue light most.", "model": "small-v1"},
      {"text": "It mirrors the sea.", "model": "small-v2"}
    ],
    "overlap": 2,
    "priority": 5
  }]'`,
    },
    {
      label: "Python",
      code: `item = {
    "prompt": "Why is the sky blue?",
    "completions": [
        {"text": "Air scatters blue light most.", "model": "small-v1"},
        {"text": "It mirrors the sea.", "model": "small-v2"},
    ],
    "overlap": 2,  # judgements wanted
    "priority": 5,  # higher comes first
}
made = hone.post(f"{project}/items", json=[item]).json()
item_id = made["items"][0]["id"]
print(hone.get(f"{project}/items/{item_id}").json()["state"])  # open`,
    },
    {
      label: "TypeScript",
      code: `const item = {
  prompt: "Why is the sky blue?",
  completions: [
    { text: "Air scatters blue light most.", model: "small-v1" },
    { text: "It mirrors the sea.", model: "small-v2" },
  ],
  overlap: 2,
  priority: 5,
};
const made = await fetch(\`\${project}/items\`, { method: "POST", headers, body: JSON.stringify([item]) });
const { items } = await made.json();
console.log(items); // [{ line: 1, id: "…", created: true }]`,
    },
  ];
}

export function judgementExamples(address: string): Example[] {
  return [
    {
      label: "curl",
      code: `curl -N ${address}/api/v1/projects/${PROJECT}/judgements \\
  -H "Authorization: Bearer $HONE_TOKEN" \\
  -H "Accept: application/x-ndjson" > judgements.jsonl`,
    },
    {
      label: "Python",
      code: `cursor = None  # keep it: the next run goes on from here
while True:
    page = hone.get(f"{project}/judgements", params={"cursor": cursor, "undone": "include"}).json()
    for judgement in page["data"]:
        texts = [completion["text"] for completion in judgement["completions"]]
        print(judgement["annotator"], judgement["ranks"], texts, judgement["undone_at"])
    cursor = page["next_cursor"]
    if not page["has_more"]:
        break`,
    },
    {
      label: "TypeScript",
      code: `const stream = await fetch(\`\${project}/judgements\`, { headers: { ...headers, accept: "application/x-ndjson" } });
if (!stream.ok || stream.body === null) throw new Error(\`\${stream.status} \${await stream.text()}\`);
let rest = "";
for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.parse(line).ranks);
}`,
    },
  ];
}

export function datasetExamples(address: string): Example[] {
  return [
    {
      label: "curl",
      code: `curl ${address}/api/v1/projects/${PROJECT}/judgements?source=old-tool \\
  -H "Authorization: Bearer $HONE_TOKEN" -H "Content-Type: application/json" \\
  -d '[{"prompt": "Why is the sky blue?", "chosen": "Air scatters blue light most.", "rejected": "It mirrors the sea.", "annotator": "ada"}]'

curl ${address}/api/v1/projects/${PROJECT}/datasets \\
  -H "Authorization: Bearer $HONE_TOKEN" -H "Content-Type: application/json" \\
  -d '{"kind": "preference"}'`,
    },
    {
      label: "Python",
      code: `judged = [{
    "prompt": "Why is the sky blue?",
    "completions": [{"text": "Air scatters blue light most."}, {"text": "It mirrors the sea."}],
    "ranks": [1, 2],  # equal ranks tie; three and more completions are a ranking
    "annotator": "ada",
}]
hone.post(f"{project}/judgements", params={"source": "old-tool"}, json=judged).raise_for_status()
dataset = hone.post(f"{project}/datasets", json={"kind": "preference"}).json()
print(dataset["version"], dataset["created"])  # the same rows again: the same version, False`,
    },
    {
      label: "TypeScript",
      code: `const body = JSON.stringify({ kind: "preference", filter: {} });
const frozen = await fetch(\`\${project}/datasets\`, { method: "POST", headers, body });
const dataset = await frozen.json();
console.log(dataset.version, dataset.hash);`,
    },
  ];
}

export function trainingExamples(address: string): Example[] {
  return [
    {
      label: "curl",
      code: `curl ${address}/api/v1/projects/${PROJECT}/runs \\
  -H "Authorization: Bearer $HONE_TOKEN" -H "Content-Type: application/json" \\
  -d '{"name": "Nightly", "config": {"kind": "benchmark", "tasks": ["cola"]}, "base_checkpoint_id": "BASE-CHECKPOINT"}'`,
    },
    {
      label: "Python",
      code: `import time

run = hone.post(f"{project}/runs", json={
    "name": "Reward model of tonight",
    "config": {"kind": "reward"},  # what is left out has its default
    "base_checkpoint_id": base,
    "dataset_id": dataset["id"],
}).json()
while run["state"] in ("queued", "running"):
    time.sleep(30)
    run = hone.get(f"{project}/runs/{run['id']}").json()
print(run["state"], run["checkpoints"], run["scores"])`,
    },
    {
      label: "TypeScript",
      code: `const started = await fetch(\`\${project}/runs\`, {
  method: "POST",
  headers,
  body: JSON.stringify({ name: "Nightly", config: { kind: "reward" }, base_checkpoint_id: base, dataset_id: dataset.id }),
});
if (!started.ok) throw new Error((await started.json()).detail);
console.log((await started.json()).state); // queued`,
    },
  ];
}

export function webhookExamples(): Example[] {
  return [
    {
      label: "Python",
      code: `# pip install standardwebhooks flask
import os
from flask import Flask, request
from standardwebhooks import Webhook

app = Flask(__name__)
webhook = Webhook(os.environ["HONE_WEBHOOK_SECRET"])  # whsec_...

@app.post("/hooks/hone")
def hone_hook():
    # Refuses what is not signed with the secret, and what is older than five minutes.
    event = webhook.verify(request.get_data(), dict(request.headers))
    print(event["type"], event["data"])
    return "", 204`,
    },
    {
      label: "TypeScript",
      code: `// npm install standardwebhooks
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.HONE_WEBHOOK_SECRET ?? ""); // whsec_...

createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    const event = webhook.verify(body, request.headers as Record<string, string>);
    console.log(event);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(8080);`,
    },
  ];
}
