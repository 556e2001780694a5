"use client";
/** Lineage as linked boxes in columns, oldest left, with arrows between them. */
import { Boxes, Database, Play, Vote } from "lucide-react";
import Link from "next/link";
import { useEffect, useRef } from "react";
import type { LineageGraph, LineageNode, LineageNodeKind } from "@/domain/lineage";
import { SimulatedBadge } from "../ui/badge";
import { cn } from "../ui/cn";

const WIDTH = 216;
const HEIGHT = 84;
const GAP_X = 56;
const GAP_Y = 20;

const ICONS = { checkpoint: Boxes, run: Play, dataset: Database, votes: Vote } as const satisfies Record<LineageNodeKind, typeof Boxes>;

type Placed = LineageNode & { x: number; y: number };

function placeNodes({ nodes }: LineageGraph): { placed: Placed[]; width: number; height: number } {
  const columns = Math.max(0, ...nodes.map(({ depth }) => depth)) + 1;
  const byDepth = Array.from({ length: columns }, (_, depth) => nodes.filter((node) => node.depth === depth));
  const rows = Math.max(1, ...byDepth.map((column) => column.length));
  const height = rows * (HEIGHT + GAP_Y) - GAP_Y;
  const placed = byDepth.flatMap((column, depth) => {
    const top = (height - (column.length * (HEIGHT + GAP_Y) - GAP_Y)) / 2;
    return column.map((node, i) => ({ ...node, x: (columns - 1 - depth) * (WIDTH + GAP_X), y: top + i * (HEIGHT + GAP_Y) }));
  });
  return { placed, width: columns * (WIDTH + GAP_X) - GAP_X, height };
}

function NodeBox({ node, made }: { node: Placed; made: string }) {
  const Icon = ICONS[node.kind];
  const classes = cn(
    "absolute flex flex-col justify-center gap-0.5 rounded-lg border border-control bg-surface px-3 text-sm",
    node.depth === 0 && "border-accent bg-accent-soft",
  );
  const content = (
    <>
      <span className="flex items-center gap-1.5 text-xs text-muted">
        <Icon aria-hidden="true" className="size-3.5 shrink-0" />
        {node.kind}
        {node.simulated && <SimulatedBadge />}
      </span>
      <span className="truncate font-medium" title={node.title}>
        {node.title}
      </span>
      <span className="figures truncate text-xs text-muted" title={node.detail}>
        {node.detail}
      </span>
      {made !== "" && <span className="sr-only">{made}</span>}
    </>
  );
  const style = { left: node.x, top: node.y, width: WIDTH, height: HEIGHT };
  if (node.href === null || node.depth === 0) {
    return (
      <div className={classes} style={style} aria-current={node.depth === 0 || undefined}>
        {content}
      </div>
    );
  }
  return (
    <Link href={node.href} className={cn(classes, "hover:border-accent hover:bg-sunken")} style={style}>
      {content}
    </Link>
  );
}

export function LineageGraphView({ graph }: { graph: LineageGraph }) {
  const { placed, width, height } = placeNodes(graph);
  const frame = useRef<HTMLElement>(null);
  // What the page is about stands at the right end; the past is to the left of it.
  useEffect(() => {
    if (frame.current) frame.current.scrollLeft = frame.current.scrollWidth;
  }, []);
  const byId = new Map(placed.map((node) => [node.id, node]));
  /** For screen readers, which do not see the arrows. */
  const made = (node: Placed) =>
    graph.edges
      .filter(({ from }) => from === node.id)
      .map(({ to, label }) => `${label}: ${byId.get(to)?.title ?? ""}`)
      .join("; ");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
    <section ref={frame} aria-label="Lineage graph" tabIndex={0} className="overflow-x-auto p-1">
      <ul className="relative list-none" style={{ width, height }}>
        <li aria-hidden="true">
          <svg width={width} height={height} className="absolute inset-0 text-muted" role="presentation">
            {graph.edges.map(({ from, to, label }) => {
              const a = byId.get(from);
              const b = byId.get(to);
              if (a === undefined || b === undefined) return null;
              const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
              const bend = Math.max(GAP_X / 2, (x2 - x1) / 3);
              return (
                <g key={`${from}:${to}:${label}`} stroke="currentColor" fill="none" strokeWidth={1.5}>
                  <title>{label}</title>
                  <path d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2 - 5},${y2}`} />
                  <path d={`M${x2 - 9},${y2 - 4} L${x2 - 2},${y2} L${x2 - 9},${y2 + 4}`} />
                </g>
              );
            })}
          </svg>
        </li>
        {[...placed]
          .sort((a, b) => b.depth - a.depth)
          .map((node) => (
            <li key={node.id}>
              <NodeBox node={node} made={made(node)} />
            </li>
          ))}
      </ul>
    </section>
  );
}
