/** Headings of an answer below those of the page, and none skipped: screen readers list them as one outline. */

/** What is needed of a node of the tree that react-markdown renders (hast). */
type Node = { type: string; tagName?: string; properties?: Record<string, unknown>; children?: Node[] };

const FIRST = 3;

export function orderHeadings() {
  return (tree: Node): void => {
    /** Levels as written that the next heading stands under. */
    const above: number[] = [];
    const visit = (node: Node) => {
      const level = /^h([1-6])$/.exec(node.tagName ?? "")?.[1];
      if (level === undefined) {
        node.children?.forEach(visit);
        return;
      }
      while ((above.at(-1) ?? 0) >= Number(level)) above.pop();
      above.push(Number(level));
      node.properties = { ...node.properties, "data-level": level };
      node.tagName = `h${Math.min(6, FIRST + above.length - 1)}`;
    };
    visit(tree);
  };
}
