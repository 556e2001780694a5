/** Files made in the browser: CSV of the curves, SVG and PNG of a chart as it looks now. */

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the address by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const fileName = (title: string, extension: string) =>
  `${title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}.${extension}`;

export function downloadCsv(text: string, title: string): void {
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), fileName(title, "csv"));
}

const PAINT = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-size", "font-family", "text-anchor"] as const;

/** A copy that needs no style sheet: every colour and font as the page computed it. */
function standaloneSvg(svg: SVGSVGElement): { text: string; width: number; height: number } {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const sources = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  for (const [i, source] of sources.entries()) {
    const style = getComputedStyle(source);
    for (const name of PAINT) copies[i]?.setAttribute(name, style.getPropertyValue(name));
  }
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

export async function downloadSvg(svg: SVGSVGElement, title: string): Promise<void> {
  save(new Blob([standaloneSvg(svg).text], { type: "image/svg+xml" }), fileName(title, "svg"));
}

/** At twice the size on the screen. */
export async function downloadPng(svg: SVGSVGElement, title: string): Promise<void> {
  const { text, width, height } = standaloneSvg(svg);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = height * 2;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no canvas to draw on");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => {
    if (blob !== null) save(blob, fileName(title, "png"));
  }, "image/png");
}
