"use client";
/** Which votes count and how they are read; all of it is in the address. */
import type { VOTE_FILTERS } from "@/domain/board";
import type { Leaderboard } from "@/server/services/leaderboard";
import { Badge } from "../components/ui/badge";
import { Field, Select } from "../components/ui/field";
import type { BoardAddress } from "./use-board-address";

const VOTES = { people: "People's votes", simulated: "Simulated annotators only", all: "People and simulated" } as const satisfies Record<
  (typeof VOTE_FILTERS)[number],
  string
>;

type Project = { slug: string; name: string; published: boolean };

export function BoardFilters({ address, projects, board }: { address: BoardAddress; projects: Project[]; board: Leaderboard | undefined }) {
  const { slug, board: filter, choose } = address;
  const categories = board?.categories ?? [];
  return (
    <div className="mb-5 grid grid-cols-2 items-end gap-3 *:min-w-0 sm:flex sm:flex-wrap">
      <Field label="Project">
        <Select value={slug} onChange={(event) => choose("project", event.target.value)}>
          {projects.map(({ slug: value, name, published }) => (
            <option key={value} value={value}>
              {name}
              {published ? "" : " (not published)"}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Votes of">
        <Select value={filter.votes} onChange={(event) => choose("votes", event.target.value)}>
          {Object.entries(VOTES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Category">
        <Select value={filter.category ?? ""} onChange={(event) => choose("category", event.target.value)}>
          <option value="">All</option>
          {filter.category !== undefined && categories.every(({ name }) => name !== filter.category) && (
            <option value={filter.category}>{filter.category}</option>
          )}
          {categories.map(({ name, votes }) => (
            <option key={name} value={name}>
              {name} ({votes})
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Style">
        <Select value={filter.style} onChange={(event) => choose("style", event.target.value)}>
          <option value="raw">As voted</option>
          <option value="controlled">Held equal</option>
        </Select>
      </Field>
      <Field label="Weights">
        <Select value={filter.weights} onChange={(event) => choose("weights", event.target.value)}>
          <option value="served">Each vote alike</option>
          <option value="propensity">By chance of being served</option>
        </Select>
      </Field>
      {board !== undefined && board.ranking.length > 1 && (
        <Field label="Win rate against">
          <Select value={filter.baseline ?? ""} onChange={(event) => choose("baseline", event.target.value)}>
            <option value="">Nobody</option>
            {board.ranking.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <div className="col-span-2 flex flex-wrap gap-2">
        {filter.votes !== "people" && <Badge tone="flagged">Holds simulated votes</Badge>}
        {board?.project.demo && <Badge>Demo</Badge>}
      </div>
    </div>
  );
}
