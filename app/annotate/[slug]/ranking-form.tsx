"use client";
/** Cards from best to worst: by drag handle, by buttons, by keys; a card can be tied with the one above it. */
import { closestCenter, DndContext, type DragEndEvent, PointerSensor, useSensor, useSensors } from "@dnd-kit/core";
import { SortableContext, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { ArrowDown, ArrowUp, Equal, GripVertical } from "lucide-react";
import { moveCard, placeRanks, type Ranking, toggleTie } from "@/domain/annotation/ranking";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { type TextMode, TextView } from "../../components/text-view";

type Props = { task: AnnotationTask; ranking: Ranking; focused: number; mode: TextMode; onFocus: (place: number) => void; onChange: (ranking: Ranking) => void };

export function RankingForm({ task, ranking, focused, mode, onFocus, onChange }: Props) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }));
  const ranks = placeRanks(ranking);
  const ids = ranking.order.map((position) => task.completions[position]?.id ?? String(position));
  const finish = ({ active, over }: DragEndEvent) => {
    if (over === null || active.id === over.id) return;
    onChange(moveCard(ranking, ids.indexOf(String(active.id)), ids.indexOf(String(over.id))));
  };
  return (
    <DndContext id="ranking" sensors={sensors} collisionDetection={closestCenter} onDragEnd={finish}>
      <SortableContext items={ids} strategy={verticalListSortingStrategy}>
        <ol aria-label="Answers, best first" className="space-y-2">
          {ranking.order.map((position, place) => (
            <Card
              key={ids[place]}
              id={ids[place] ?? ""}
              letter={letterOf(position)}
              text={task.completions[position]?.text ?? ""}
              rank={ranks[place] ?? 0}
              tied={ranking.tied[place] === true}
              first={place === 0}
              last={place === ranking.order.length - 1}
              focused={place === focused}
              mode={mode === "diff" ? "rendered" : mode}
              onFocus={() => onFocus(place)}
              onMove={(step) => {
                onChange(moveCard(ranking, place, place + step));
                onFocus(Math.min(ranking.order.length - 1, Math.max(0, place + step)));
              }}
              onTie={() => onChange(toggleTie(ranking, place))}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

type CardProps = {
  id: string; letter: string; text: string; rank: number; tied: boolean; first: boolean; last: boolean; focused: boolean; mode: TextMode;
  onFocus: () => void; onMove: (step: -1 | 1) => void; onTie: () => void;
};

function Card({ id, letter, text, rank, tied, first, last, focused, mode, onFocus, onMove, onTie }: CardProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id });
  return (
    <li
      ref={setNodeRef}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      className={cn("flex gap-2 rounded-lg border bg-surface p-3", focused && "border-accent ring-1 ring-accent", isDragging && "z-10 shadow-raised", tied && "-mt-1 border-t-4 border-t-tie")}
      onFocusCapture={onFocus}
    >
      {/* Only the handle takes touches: the page still scrolls under a finger. */}
      <button type="button" ref={setActivatorNodeRef} {...attributes} {...listeners} aria-label={`Drag answer ${letter}`} className="flex w-8 shrink-0 cursor-grab touch-none items-center justify-center rounded text-muted pointer-coarse:w-11">
        <GripVertical aria-hidden="true" className="size-5" />
      </button>
      <div className="min-w-0 flex-1">
        <p className="mb-1 text-sm font-semibold text-muted">
          <span className="mr-2 font-mono tabular-nums">{rank}.</span>
          {letter}
          {tied && <span className="ml-2 text-tie">tied with the one above</span>}
        </p>
        <TextView text={text} mode={mode} />
      </div>
      <div className="flex shrink-0 flex-col gap-1">
        <Button size="icon" variant="ghost" aria-label={`Move answer ${letter} up`} disabled={first} onClick={() => onMove(-1)}><ArrowUp aria-hidden="true" className="size-4" /></Button>
        <Button size="icon" variant="ghost" aria-label={`Tie answer ${letter} with the one above`} aria-pressed={tied} disabled={first} onClick={onTie}><Equal aria-hidden="true" className="size-4" /></Button>
        <Button size="icon" variant="ghost" aria-label={`Move answer ${letter} down`} disabled={last} onClick={() => onMove(1)}><ArrowDown aria-hidden="true" className="size-4" /></Button>
      </div>
    </li>
  );
}
