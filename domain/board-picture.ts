/** A board as a picture to embed elsewhere: scores with their intervals, in SVG, light and dark by the reader's own setting. */

export type PictureRow = { name: string; score: number; low: number; high: number; rankLow: number; rankHigh: number };

const WIDTH = 640;
const LINE = 28;
const TOP = 56;
const NAME = 220;
const PLOT = 330;
/** Longer boards show their upper part. */
export const PICTURE_ROWS = 15;

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
const shorten = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** `rows` in order of rank; `note` stands below the title. */
export function drawBoard(title: string, note: string, rows: readonly PictureRow[]): string {
  const shown = rows.slice(0, PICTURE_ROWS);
  const low = Math.min(...shown.map((row) => row.low));
  const high = Math.max(...shown.map((row) => row.high));
  const at = (score: number) => (NAME + (PLOT * (score - low)) / Math.max(1, high - low)).toFixed(1);
  const lines = shown.map(({ name, score, low: from, high: to, rankLow, rankHigh }, i) => {
    const y = TOP + LINE * i + LINE / 2;
    return (
      `<text x="16" y="${y + 4}">${rankLow === rankHigh ? rankLow : `${rankLow}–${rankHigh}`}</text><text x="64" y="${y + 4}">${escapeXml(shorten(name, 20))}</text>` +
      `<line class="interval" x1="${at(from)}" x2="${at(to)}" y1="${y}" y2="${y}"/><circle class="score" cx="${at(score)}" cy="${y}" r="4"/><text class="number" x="${WIDTH - 16}" y="${y + 4}">${score.toFixed(0)}</text>`
    );
  });
  const height = TOP + LINE * shown.length + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(`${title}: ${note}`)}">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2430; } .title { font-size: 15px; font-weight: 600; } .note { font-size: 11px; fill: #5b6170; } .number { text-anchor: end; font-variant-numeric: tabular-nums; }
  .ground { fill: #fff; } .interval { stroke: #98a5dd; stroke-width: 6; stroke-linecap: round; } .score { fill: #3b49a8; }
  @media (prefers-color-scheme: dark) { text { fill: #eceef4; } .note { fill: #a9aebb; } .ground { fill: #1b1d23; } .interval { stroke: #4b5488; } .score { fill: #a8b4f5; } }
</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<text class="title" x="16" y="24">${escapeXml(shorten(title, 70))}</text><text class="note" x="16" y="42">${escapeXml(note)}</text>
${lines.join("\n")}
</svg>
`;
}
