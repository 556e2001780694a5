/** LaTeX by KaTeX: no macros that load or run anything, a mistake is shown as it was written. */
import "katex/dist/katex.min.css";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";
import type { Plugin } from "./plugin";

export const MATHS: { remark: Plugin; rehype: Plugin } = {
  remark: remarkMath,
  rehype: [rehypeKatex, { trust: false, strict: "ignore", maxExpand: 1000, maxSize: 20, errorColor: "currentColor" }],
};
