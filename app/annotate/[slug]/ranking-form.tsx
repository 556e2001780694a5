"use client";
/** Cards from best to worst: by drag handle, by buttons, by keys; a card can be tied with the one above it. */
import {
  type Announcements,
  closestCenter,
  DndContext,
  type DragEndEvent,
  PointerSensor,
  type UniqueIdentifier,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { SortableContext, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { ArrowDown, ArrowUp, Equal, GripVertical } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { moveCard, placeRanks, type Ranking, toggleTie } from "@/domain/annotation/ranking";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { CompletionText, type Reading } from "./answer-card";

type Props = {
  task: AnnotationTask;
  ranking: Ranking;
  focused: number;
  reading: Reading;
  onFocus: (place: number) => void;
  onChange: (ranking: Ranking) => void;
};

export function RankingForm({ task, ranking, focused, reading, onFocus, onChange }: Props) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }));
  const ranks = placeRanks(ranking);
  const ids = ranking.order.map((position) => task.completions[position]?.id ?? String(position));
  const finish = ({ active, over }: DragEndEvent) => {
    if (over === null || active.id === over.id) return;
    onChange(moveCard(ranking, ids.indexOf(String(active.id)), ids.indexOf(String(over.id))));
  };
  // The library would read out ids, and speak of keys that this list does not use.
  const place = (id: UniqueIdentifier) => ids.indexOf(String(id));
  const name = (id: UniqueIdentifier) => `Answer ${letterOf(ranking.order[place(id)] ?? 0)}`;
  const announcements: Announcements = {
    onDragStart: ({ active }) => `${name(active.id)} is held.`,
    onDragOver: ({ active, over }) => (over === null ? undefined : `${name(active.id)} is over place ${place(over.id) + 1}.`),
    onDragEnd: ({ active, over }) =>
      over === null ? `${name(active.id)} stays.` : `${name(active.id)} is at place ${place(over.id) + 1}.`,
    onDragCancel: ({ active }) => `${name(active.id)} stays.`,
  };
  const accessibility = {
    announcements,
    screenReaderInstructions: { draggable: "Drag it to its place, or use the buttons beside it, or Alt with the up and down arrows." },
  };
  return (
    <DndContext id="ranking" sensors={sensors} collisionDetection={closestCenter} onDragEnd={finish} accessibility={accessibility}>
      <SortableContext items={ids} strategy={verticalListSortingStrategy}>
        <ol aria-label="Answers, best first" className="space-y-2">
          {ranking.order.map((position, place) => (
            <Card
              key={ids[place]}
              id={ids[place] ?? ""}
              letter={letterOf(position)}
              rank={ranks[place] ?? 0}
              tied={ranking.tied[place] === true}
              first={place === 0}
              last={place === ranking.order.length - 1}
              focused={place === focused}
              base={reading.mode === "diff" && reading.base === position && task.completions.length > 2}
              onFocus={() => onFocus(place)}
              onMove={(step) => {
                onChange(moveCard(ranking, place, place + step));
                onFocus(Math.min(ranking.order.length - 1, Math.max(0, place + step)));
              }}
              onTie={() => onChange(toggleTie(ranking, place))}
            >
              <CompletionText completions={task.completions} position={position} reading={reading} />
            </Card>
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

type CardProps = {
  id: string;
  letter: string;
  rank: number;
  tied: boolean;
  first: boolean;
  last: boolean;
  focused: boolean;
  base: boolean;
  children: ReactNode;
  onFocus: () => void;
  onMove: (step: -1 | 1) => void;
  onTie: () => void;
};

function Card({ id, letter, rank, tied, first, last, focused, base, children, onFocus, onMove, onTie }: CardProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id });
  const card = useRef<HTMLLIElement | null>(null);
  // Where the keys are must be seen; a card may be longer than the screen.
  const shown = useRef(focused);
  useEffect(() => {
    // A finger or a mouse is there already: what it presses must not move away under it.
    const pressed = card.current?.contains(document.activeElement) === true;
    if (focused && !shown.current && !pressed) card.current?.scrollIntoView({ block: "nearest" });
    shown.current = focused;
  }, [focused]);
  return (
    <li
      ref={(element) => {
        setNodeRef(element);
        card.current = element;
      }}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      className={cn(
        "scroll-mt-4 scroll-mb-40 rounded-lg border bg-surface p-2 sm:p-3",
        focused && "pointer-fine:border-accent pointer-fine:ring-1 pointer-fine:ring-accent",
        isDragging && "relative z-10 shadow-raised",
        tied && "-mt-1 border-t-4 border-t-tie",
      )}
      onFocusCapture={onFocus}
    >
      <div className="flex items-center gap-1 text-sm">
        {/* Only the handle takes touches: the page still scrolls under a finger. */}
        <button
          type="button"
          ref={setActivatorNodeRef}
          {...attributes}
          {...listeners}
          aria-label={`Drag answer ${letter}`}
          className="flex h-9 w-8 shrink-0 cursor-grab touch-none items-center justify-center rounded text-muted hover:bg-sunken active:cursor-grabbing pointer-coarse:h-11 pointer-coarse:w-11"
        >
          <GripVertical aria-hidden="true" className="size-5" />
        </button>
        <h2 className="min-w-0 flex-1 font-semibold text-muted">
          <span className="mr-2 tabular-nums">{rank}.</span>
          <span className="text-text">{letter}</span>
          {tied && <span className="ml-2 text-tie">tied with the one above</span>}
          {base && <span className="ml-2 font-normal">the others are compared with this one</span>}
        </h2>
        <Button size="icon" variant="ghost" aria-label={`Move answer ${letter} up`} disabled={first} onClick={() => onMove(-1)}>
          <ArrowUp aria-hidden="true" className="size-4" />
        </Button>
        <Button
          size="icon"
          variant="ghost"
          className="aria-pressed:bg-tie-soft aria-pressed:text-tie"
          aria-label={`Tie answer ${letter} with the one above`}
          aria-pressed={tied}
          disabled={first}
          onClick={onTie}
        >
          <Equal aria-hidden="true" className="size-4" />
        </Button>
        <Button size="icon" variant="ghost" aria-label={`Move answer ${letter} down`} disabled={last} onClick={() => onMove(1)}>
          <ArrowDown aria-hidden="true" className="size-4" />
        </Button>
      </div>
      <div className="px-2 pt-1 pb-1 sm:pl-9">{children}</div>
    </li>
  );
}
