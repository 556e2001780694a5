/** What `npm run loop` ends with. */

export type LoopEstimate = { mean: number; low: number; high: number; n: number };
export type LoopCheckpoint = { gold: LoopEstimate; rougeL: number; bleu4: number; meanLength: number; reward: number };

export type LoopReport = {
  scale: string;
  method: string;
  seed: number;
  annotators: string;
  engine: string;
  datasetHash: string;
  stages: { name: string; seconds: number }[];
  rewardModel: { accuracy: number | null; low: number | null; high: number | null; n: number };
  /** Of base, sft and the policy, which is called after its method. */
  checkpoints: Record<string, LoopCheckpoint>;
  /** By the annotators' votes between the three, best first, on the scale of Elo. */
  ranking: { name: string; score: number; low: number; high: number }[];
  kl: number | null;
  promoted: boolean;
  reason: string;
};

const percent = (x: number | null) => (x === null ? "unknown" : `${(100 * x).toFixed(1)} %`);

/** The closing table. */
export function formatReport(report: LoopReport, seconds: number): string {
  const rows = Object.entries(report.checkpoints).map(([name, { gold, rougeL, bleu4, meanLength, reward }]) => {
    return [
      name,
      `${gold.mean.toFixed(3)} [${gold.low.toFixed(3)}, ${gold.high.toFixed(3)}]`,
      rougeL.toFixed(3),
      bleu4.toFixed(3),
      meanLength.toFixed(1),
      reward.toFixed(2),
    ];
  });
  const table = [["", "gold score, 95 %", "ROUGE-L", "BLEU-4", "words", "reward"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length))) ?? [];
  const lines = table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
  );
  const { accuracy, low, high, n } = report.rewardModel;
  return [
    "",
    ...lines,
    "",
    `reward model  ${percent(accuracy)} of ${n} held-out comparisons (95 % ${percent(low)} to ${percent(high)})`,
    `preferred     ${report.ranking.map((row) => `${row.name} ${row.score.toFixed(0)} [${row.low.toFixed(0)}, ${row.high.toFixed(0)}]`).join(", ")}`,
    ...(report.kl === null ? [] : [`KL to SFT     ${report.kl.toFixed(2)}`]),
    report.reason,
    "",
    `stages        ${report.stages.map(({ name, seconds: spent }) => `${name} ${spent} s`).join(", ")}; together ${seconds.toFixed(0)} s`,
    `engine        ${report.engine}`,
    `dataset       ${report.datasetHash}`,
    `reproduce     npm run loop -- --scale ${report.scale} --method ${report.method} --annotators ${report.annotators} --seed ${report.seed}`,
  ].join("\n");
}
