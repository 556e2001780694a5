/** What a checkpoint stands on, as a graph that reads from right (the checkpoint) to left (votes, base models). */
export type LineageNodeKind = "checkpoint" | "run" | "dataset" | "votes";

export type LineageNode = {
  id: string;
  kind: LineageNodeKind;
  title: string;
  detail: string;
  href: string | null;
  /** Column: 0 is the checkpoint asked about, larger is further back. */
  depth: number;
  simulated: boolean;
};

/** `from` was used to make `to`. */
export type LineageEdge = { from: string; to: string; label: string };
export type LineageGraph = { nodes: LineageNode[]; edges: LineageEdge[] };

/**
 * Sets each node's depth to its longest way to the root (the node that nothing is made of), so that
 * every edge goes strictly to the left. Edges between unknown nodes are dropped. Throws on a cycle.
 */
export function layerGraph(rootId: string, nodes: readonly Omit<LineageNode, "depth">[], edges: readonly LineageEdge[]): LineageGraph {
  const known = new Set(nodes.map(({ id }) => id));
  const kept = edges.filter(({ from, to }) => known.has(from) && known.has(to));
  const depths = new Map<string, number>();
  const visit = (id: string, depth: number, path: ReadonlySet<string>): void => {
    if (path.has(id)) throw new Error(`layerGraph: ${id} is made of itself`);
    if ((depths.get(id) ?? -1) >= depth) return;
    depths.set(id, depth);
    const next = new Set([...path, id]);
    for (const { from, to } of kept) if (to === id) visit(from, depth + 1, next);
  };
  visit(rootId, 0, new Set());
  return {
    nodes: nodes
      .filter(({ id }) => depths.has(id))
      .map((node) => ({ ...node, depth: depths.get(node.id) ?? 0 }))
      .sort((a, b) => a.depth - b.depth),
    edges: kept.filter(({ from, to }) => depths.has(from) && depths.has(to)),
  };
}
