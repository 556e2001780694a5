/** Markdown of answers before it is parsed: mathematics as models write it, and long texts in pieces. */

/** Code of either kind, which nothing here may touch: fenced blocks and spans. */
const CODE = /(^|\n)( {0,3})(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n {0,3}\3[`~]*[ \t]*(?=\n|$)|$)|(`+)(?!`)[\s\S]*?[^`]\4(?!`)/g;

function outsideCode(text: string, change: (part: string) => string): string {
  let out = "";
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    out += change(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return out + change(text.slice(from));
}

/**
 * Between single dollars by pandoc's rule (tex_math_dollars): no space after the opening one, none before the closing
 * one, no digit after it; "$5 or $10" is money.
 */
const DOLLARS = /\\\$|\$\$[\s\S]+?\$\$|\$(?![\s$])(?:\\[\s\S]|[^$\\\n]|\n(?!\s*\n))*?(?<![\s\\])\$(?![\d$])|\$/g;
const BRACKETS = /^([ \t]*)?\\\[([\s\S]+?)\\\]|\\\[([\s\S]+?)\\\]|\\\((.+?)\\\)/gm;

/** Whether `text` may hold LaTeX: a cheap look, before anything is loaded for it. */
export function hasMaths(text: string): boolean {
  return /\$[^\s]|\\\(|\\\[/.test(text);
}

/** Whether `text` has a fenced block that names its language. */
export function hasCode(text: string): boolean {
  return /^ {0,3}(`{3,}|~{3,})[ \t]*[a-z]/im.test(text);
}

/** \( \) and \[ \] as $ and $$, and dollars that are money as plain ones. Code stays as it is. */
export function normaliseMaths(text: string): string {
  if (!hasMaths(text)) return text;
  return outsideCode(text, (part) =>
    part
      .replace(BRACKETS, (_, indent: string | undefined = "", own?: string, within?: string, inline?: string) => {
        if (inline !== undefined) return `$${inline.trim()}$`;
        const lines = (own ?? within ?? "")
          .trim()
          .split("\n")
          .map((line) => indent + line.trim());
        const block = `${indent}$$\n${lines.join("\n")}\n${indent}$$\n`;
        return own === undefined ? `\n${block}` : block;
      })
      .replace(DOLLARS, (match) => (match === "$" ? "\\$" : match.startsWith("$$") ? displayed(match) : match)),
  );
}

/** "$$x$$" in one line is set within the line by the parser: what spans lines gets its fences on lines of their own. */
function displayed(match: string): string {
  const body = match.slice(2, -2);
  return body.includes("\n") && !/^\s*\n[\s\S]*\n\s*$/.test(body) ? `$$\n${body.trim()}\n$$` : match;
}

/**
 * Long Markdown in pieces of about `size` characters that are rendered one by one. Cut only before a line that begins
 * a block at the left margin after an empty line, outside code and mathematics; link definitions go into every piece.
 * One piece where footnotes refer across the text.
 */
export function splitMarkdown(text: string, size = 4000): string[] {
  if (text.length <= size || /^\[\^[^\]]+\]:/m.test(text)) return [text];
  const definitions = text.match(/^ {0,3}\[[^\]^][^\]]*\]:[ \t]+\S.*$/gm) ?? [];
  const tail = definitions.length === 0 ? "" : `\n\n${definitions.join("\n")}`;
  const pieces: string[] = [];
  let piece = "";
  let fence: string | null = null;
  let afterEmpty = false;
  for (const line of text.split(/(?<=\n)/)) {
    const beginsBlock = /^[^\s>|<]/.test(line) && (piece.length > 4 * size || !/^([-+*]|\d{1,9}[.)])\s/.test(line));
    if (fence === null && afterEmpty && piece.length >= size && beginsBlock) {
      pieces.push(piece);
      piece = "";
    }
    piece += line;
    afterEmpty = line.trim() === "";
    const mark = /^ {0,3}(`{3,}|~{3,}|\$\$)/.exec(line)?.[1];
    if (mark === undefined) continue;
    if (fence === null) fence = mark === "$$" && line.trim().length > 2 && line.trim().endsWith("$$") ? null : mark;
    else if (mark[0] === fence[0] && mark.length >= fence.length) fence = null;
  }
  if (piece !== "") pieces.push(piece);
  return pieces.length === 1 ? [text] : pieces.map((part) => part + tail);
}
