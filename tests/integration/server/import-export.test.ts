/** Votes out of one project and into another, through each kind of file, field by field. */
import { and, asc, eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { judgements } from "../../../db/schema";
import { type JudgementLayout, type JudgementRecord, toLayout } from "../../../domain/formats/judgement-layouts";
import type { UserContext } from "../../../server/context";
import { type FileKind, fileKindSchema } from "../../../server/files/file-kind";
import { readRows, type SourceRow } from "../../../server/files/read-rows";
import { exportJudgements, readJudgements } from "../../../server/services/export";
import { type ImportInput, importRows } from "../../../server/services/import";
import { submitJudgement } from "../../../server/services/judgement";
import { claimNextItem } from "../../../server/services/queue";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let researcher: UserContext;
let projectId: string;

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
const recordsOf = (project: string) => collect(readJudgements(researcher, { projectId: project, simulated: false }));
const exported = (layout: JudgementLayout, file: FileKind) => exportJudgements(researcher, { projectId, simulated: false, layout, file });
const importInto = (project: string, rows: AsyncIterable<SourceRow> | SourceRow[], more: Partial<ImportInput> = {}) =>
  importRows(researcher, { projectId: project, kind: "comparisons", source: "votes.jsonl", policy: "refuse", ...more }, rows);

/** All that does not belong to one installation. */
const essence = ({
  id: _,
  promptId: _p,
  annotator: _a,
  clientEventId: _c,
  guideline: _g,
  completions,
  shown,
  ranks,
  ...rest
}: JudgementRecord) => {
  // The order of an item's completions is an installation's own.
  const order = [...completions.keys()].sort((a, b) => ((completions[a]?.text ?? "") < (completions[b]?.text ?? "") ? -1 : 1));
  return {
    ...rest,
    margin: rest.margin === null ? null : Math.abs(rest.margin),
    shown: shown.map((i) => completions[i]?.text),
    completions: order.map((i) => ({ text: completions[i]?.text, model: completions[i]?.model })),
    ranks: ranks === null ? null : order.map((i) => ranks[i]),
  };
};
const sorted = (records: JudgementRecord[]) => records.map(essence).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

beforeAll(async () => {
  researcher = await addUser(db(), "researcher");
  projectId = await addProject(db());
  for (let i = 0; i < 6; i++)
    await addItem(db(), projectId, [`Answer A${i}, "quoted"`, `Answer\nB${i} Ä 漢`], {
      seats: 2,
      reference: `Reference ${i}`,
      split: i === 0 ? "test" : "train",
      groupKey: `g${i}`,
    });
  await addItem(db(), projectId, ["one", "two", "three"], { seats: 2 });
  for (const annotator of [await addUser(db(), "annotator"), await addUser(db(), "annotator")]) {
    for (
      let task = await claimNextItem(annotator, { projectId }), n = 0;
      task !== null;
      task = await claimNextItem(annotator, { projectId }), n++
    ) {
      const value =
        task.mode === "ranking"
          ? ({ kind: "ranking", ranks: [2, 1, 2] } as const)
          : n === 4
            ? ({ kind: "both_bad" } as const)
            : ({ kind: "pairwise", margin: (n % 5) - 2 } as const);
      await submitJudgement(annotator, {
        itemId: task.itemId,
        clientEventId: crypto.randomUUID(),
        value: value.kind === "ranking" ? { kind: "ranking", ranks: [2, 1, 2] } : value,
        reasons: ["Faithful"],
        comment: `Said ${n}`,
        activeMs: 1234 + n,
        idleMs: 5,
        untouched: n === 1,
      });
    }
  }
});

describe("Hone's own layout", () => {
  it.each(fileKindSchema.options)("comes back through %s with every field, and a second time says nothing new", async (kind) => {
    const target = await addProject(db());
    const report = await importInto(target, readRows(exported("hone", kind), kind), { source: `a.${kind}` });
    expect(report).toMatchObject({ rows: 14, errorCount: 0, created: { prompts: 7, items: 7, judgements: 14 }, stored: true });
    const before = await recordsOf(projectId);
    expect(sorted(await recordsOf(target))).toEqual(sorted(before));
    const again = await importInto(target, readRows(exported("hone", kind), kind), { source: `renamed.${kind}` });
    expect(again).toMatchObject({ known: 14, created: { prompts: 0, completions: 0, items: 0, judgements: 0 } });
    // The two annotators are still two.
    expect(new Set((await recordsOf(target)).map(({ annotator }) => annotator)).size).toBe(2);
  });
});

describe("published layouts", () => {
  const orders = (records: JudgementRecord[]) =>
    records
      .flatMap(({ completions, ranks }) =>
        ranks === null
          ? []
          : completions.flatMap((a, i) =>
              completions.flatMap((b, j) => ((ranks[i] ?? 0) < (ranks[j] ?? 0) ? [`${a.text} > ${b.text}`] : [])),
            ),
      )
      .sort();
  it.each([
    "trl-explicit",
    "trl-implicit",
    "hh-rlhf",
    "lmarena",
    "summarize-from-feedback",
    "alpaca-eval",
    "helpsteer3",
    "argilla",
    "oasst",
  ] as const)("%s keeps who was preferred to whom", async (layout) => {
    const target = await addProject(db());
    const source = await recordsOf(projectId);
    // What the layout cannot say gives no row; a row of pairs gives a vote for each.
    const said = source.filter((record) => toLayout(record, layout).length > 0);
    const report = await importInto(target, readRows(exported(layout, "jsonl"), "jsonl"));
    expect(report.errors).toEqual([]);
    const expected = new Set(orders(said));
    expect(expected.size).toBeGreaterThan(2);
    expect(new Set(orders(await recordsOf(target)))).toEqual(expected);
    const again = await importInto(target, readRows(exported(layout, "jsonl"), "jsonl"));
    expect(again.created).toEqual({ prompts: 0, completions: 0, items: 0, judgements: 0 });
  });
  it("LMArena keeps both-bad, ties and models; KTO has a row for each side", async () => {
    const rows = (await recordsOf(projectId)).flatMap((record) => toLayout(record, "lmarena"));
    expect(rows.map(({ winner }) => winner)).toEqual(expect.arrayContaining(["tie (bothbad)", "tie", "model_a", "model_b"]));
    const kto = (await recordsOf(projectId)).flatMap((record) => toLayout(record, "kto"));
    const trl = (await recordsOf(projectId)).flatMap((record) => toLayout(record, "trl-explicit"));
    expect(kto.filter(({ label }) => label === true)).toHaveLength(trl.length);
    expect(kto).toHaveLength(2 * trl.length);
  });
});

describe("an import", () => {
  const row = (i: number, more: Record<string, unknown> = {}): SourceRow => ({
    line: i,
    row: { prompt: `Why ${i}?`, chosen: `a${i}`, rejected: `b${i}`, ...more },
  });
  it("keeps the good rows or refuses all, as chosen, and tells each bad one with its line", async () => {
    const target = await addProject(db());
    const rows = [row(1), { line: 2, reason: "not JSON: x" }, row(3, { margin: 9 }), row(4)];
    const refused = await importInto(target, rows);
    expect(refused).toMatchObject({
      stored: false,
      errorCount: 2,
      errors: [
        { line: 2, reason: "not JSON: x" },
        { line: 3, reason: expect.stringMatching(/^margin/) },
      ],
    });
    expect(await recordsOf(target)).toEqual([]);
    const kept = await importInto(target, rows, { policy: "keep" });
    expect(kept).toMatchObject({ stored: true, errorCount: 2, created: { judgements: 2 } });
    expect(await recordsOf(target)).toHaveLength(2);
  });
  it("reads columns under other names, and leaves out those that are named nothing", async () => {
    const target = await addProject(db());
    const rows: SourceRow[] = [{ line: 1, row: { Frage: "Why?", gut: "a", schlecht: "b", margin: "many", notes: "x" } }];
    const columns = { Frage: "prompt", gut: "chosen", schlecht: "rejected", margin: "" };
    const report = await importInto(target, rows, { columns });
    expect(report).toMatchObject({ errorCount: 0, columns: ["Frage", "gut", "schlecht", "margin", "notes"], unusedFields: { notes: 1 } });
    expect((await recordsOf(target))[0]).toMatchObject({ messages: [{ role: "user", content: "Why?" }] });
  });
  it("a preview stores nothing", async () => {
    const target = await addProject(db());
    expect(await importInto(target, [row(1)], { dryRun: true })).toMatchObject({ stored: false, created: { judgements: 1 } });
    expect(
      await db()
        .select()
        .from(judgements)
        .where(and(eq(judgements.projectId, target)))
        .orderBy(asc(judgements.id)),
    ).toEqual([]);
  });
});
