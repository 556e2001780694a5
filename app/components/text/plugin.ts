/** A plugin of the Markdown parser or of its tree. */
import type { Options } from "react-markdown";

export type Plugin = NonNullable<Options["rehypePlugins"]>[number];
