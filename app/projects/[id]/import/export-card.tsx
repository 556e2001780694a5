"use client";
/** Judgements to go: in which layout, which kind of file, and whose. */
import { Download } from "lucide-react";
import { useState } from "react";
import { JUDGEMENT_LAYOUTS, type JudgementLayout } from "@/domain/formats/judgement-layouts";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { Field, Select } from "../../../components/ui/field";

const LAYOUTS: Record<JudgementLayout, string> = {
  hone: "Hone: everything, reads back as it was",
  "trl-explicit": "TRL preference, explicit prompt",
  "trl-implicit": "TRL preference, implicit prompt",
  kto: "TRL KTO (completion and label)",
  "hh-rlhf": "hh-rlhf transcripts",
  lmarena: "LMArena battles",
  "summarize-from-feedback": "summarize-from-feedback",
  "alpaca-eval": "AlpacaEval",
  helpsteer3: "HelpSteer3",
  argilla: "Argilla records",
  oasst: "OpenAssistant trees",
};
const FILES = { jsonl: "JSON lines", json: "JSON", csv: "CSV", parquet: "Parquet" } as const;

export function ExportCard({ projectId }: { projectId: string }) {
  const [layout, setLayout] = useState<JudgementLayout>("hone");
  const [file, setFile] = useState<keyof typeof FILES>("jsonl");
  const [votes, setVotes] = useState("people");
  return (
    <Card>
      <CardHeader title="Export judgements" description="Those that stand now. Datasets have frozen versions instead." />
      <CardBody className="flex flex-col gap-4">
        <Field label="Layout" hint="What a layout cannot say is left out: ties of chosen and rejected, rankings of battles">
          <Select value={layout} onChange={(event) => setLayout(JUDGEMENT_LAYOUTS.find((known) => known === event.target.value) ?? "hone")}>
            {JUDGEMENT_LAYOUTS.map((known) => (
              <option key={known} value={known}>
                {LAYOUTS[known]}
              </option>
            ))}
          </Select>
        </Field>
        <div className="grid grid-cols-2 gap-4">
          <Field label="Export as">
            <Select value={file} onChange={(event) => setFile(event.target.value as keyof typeof FILES)}>
              {Object.entries(FILES).map(([kind, label]) => (
                <option key={kind} value={kind}>
                  {label}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Votes of">
            <Select value={votes} onChange={(event) => setVotes(event.target.value)}>
              <option value="people">People</option>
              <option value="simulated">Simulated</option>
            </Select>
          </Field>
        </div>
        <Button asChild>
          <a href={`/api/projects/${projectId}/export?layout=${layout}&file=${file}&votes=${votes}`} download>
            <Download aria-hidden="true" className="size-4" />
            Download
          </a>
        </Button>
      </CardBody>
    </Card>
  );
}
