"use client";
/**
 * Markdown: GitHub's, with code in colours and LaTeX, both loaded when a text has some. Raw HTML stays text, links open
 * outside without telling from where, images load from the hosts that the project allows.
 */
import { type ComponentProps, createContext, memo, use, useMemo } from "react";
import Markdown, { type Components, type ExtraProps } from "react-markdown";
import remarkGfm from "remark-gfm";
import { hasCode, hasMaths, normaliseMaths, splitMarkdown } from "@/domain/annotation/markdown";
import { isAllowedImage } from "@/domain/annotation/settings";
import { orderHeadings } from "./order-headings";
import { useCodePlugin, useMathsPlugins } from "./use-plugins";
import { usePieces } from "./use-pieces";

/** Hosts from which images may be loaded. */
export const ImageHosts = createContext<readonly string[]>([]);

const splitNormalised = (text: string) => splitMarkdown(normaliseMaths(text));

export function MarkdownText({ text }: { text: string }) {
  const pieces = usePieces(text, splitNormalised);
  return (
    <div className="prose-hone">
      {pieces.map((piece, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change places
        <Piece key={i} text={piece} whole={pieces.length === 1} />
      ))}
    </div>
  );
}

const Piece = memo(function Piece({ text, whole }: { text: string; whole: boolean }) {
  const code = useCodePlugin(hasCode(text));
  const maths = useMathsPlugins(hasMaths(text));
  const remark = useMemo(() => (maths === null ? [remarkGfm] : [remarkGfm, maths.remark]), [maths]);
  const rehype = useMemo(() => [orderHeadings, ...(code === null ? [] : [code]), ...(maths === null ? [] : [maths.rehype])], [code, maths]);
  return (
    <div className={whole ? "text-block" : "text-block text-piece"}>
      <Markdown remarkPlugins={remark} rehypePlugins={rehype} components={COMPONENTS}>
        {text}
      </Markdown>
    </div>
  );
});

type Props<Tag extends "a" | "img" | "input" | "pre" | "table"> = ComponentProps<Tag> & ExtraProps;

function OutsideLink({ node: _, children, ...props }: Props<"a">) {
  return (
    <a {...props} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function Picture({ src, alt = "" }: Props<"img">) {
  const hosts = use(ImageHosts);
  if (typeof src !== "string" || src === "") return <span>{alt}</span>;
  // biome-ignore lint/performance/noImgElement: images of other hosts are theirs to serve; ours must not fetch for them
  if (isAllowedImage(src, hosts))
    return (
      <img src={src} alt={alt} loading="lazy" decoding="async" referrerPolicy="no-referrer" className="max-h-96 max-w-full rounded-md" />
    );
  const host = URL.canParse(src) ? new URL(src).hostname : "";
  return (
    <a href={src} target="_blank" rel="noopener noreferrer nofollow">
      [Image{alt === "" ? "" : `: ${alt}`}
      {host === "" ? "" : `, ${host}`}]
    </a>
  );
}

/** What scrolls sideways must be reachable by keyboard. */
function Block({ node: _, ...props }: Props<"pre">) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  return <pre {...props} dir="ltr" tabIndex={0} />;
}

function WideTable({ node: _, ...props }: Props<"table">) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="overflow-x-auto" tabIndex={0}>
      <table {...props} />
    </div>
  );
}

function TaskMark({ checked }: Props<"input">) {
  return (
    <span role="img" aria-label={checked ? "done" : "not done"}>
      {checked ? "☑" : "☐"}
    </span>
  );
}

/** Each block takes its own direction: an Arabic answer may quote English. */
const auto = <Tag extends "p" | "li" | "blockquote" | "td" | "th" | "h3" | "h4" | "h5" | "h6">(Tag: Tag) =>
  function Directed({ node: _, ...props }: ComponentProps<Tag> & ExtraProps) {
    const Element: string = Tag;
    return <Element {...props} dir="auto" />;
  };

const COMPONENTS: Components = {
  a: OutsideLink,
  img: Picture,
  pre: Block,
  table: WideTable,
  input: TaskMark,
  p: auto("p"),
  li: auto("li"),
  blockquote: auto("blockquote"),
  td: auto("td"),
  th: auto("th"),
  h3: auto("h3"),
  h4: auto("h4"),
  h5: auto("h5"),
  h6: auto("h6"),
};
