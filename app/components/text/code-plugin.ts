/** Colours of code by highlight.js, for blocks that name their language. */
import rehypeHighlight from "rehype-highlight";
import type { Plugin } from "./plugin";

export const highlightCode: Plugin = [rehypeHighlight, { detect: false }];
