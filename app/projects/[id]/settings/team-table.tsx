"use client";
/** The people of a project: who decides where votes disagree, who is paused, and whose day has a cap of its own. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { useDeferredValue, useState } from "react";
import type { AppRouter } from "@/server/root";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { Checkbox, Input } from "../../../components/ui/field";
import { Pages } from "../../../components/ui/pages";
import { Skeleton } from "../../../components/ui/skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";
import { formatCount } from "../../format";

export function TeamTable({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [search, setSearch] = useState("");
  const [special, setSpecial] = useState(false);
  const [page, setPage] = useState(1);
  const team = useQuery({
    ...trpc.queue.team.queryOptions({ projectId, search: useDeferredValue(search), special, page }),
    placeholderData: keepPreviousData,
  });
  const change = useMutation(
    trpc.queue.changeMember.mutationOptions({
      onSuccess: () => queries.invalidateQueries(trpc.queue.pathFilter()),
      onError: (error) => toast({ title: errorMessage(error) }),
    }),
  );
  if (team.isPending) return <Skeleton className="m-4 h-40" />;
  if (team.data === undefined) return <ErrorState message={errorMessage(team.error)} onRetry={() => void team.refetch()} />;
  const { people, total, pageSize } = team.data;
  const pages = Math.max(1, Math.ceil(total / pageSize));
  // The last one of the last page has lost the settings that were looked for.
  if (page > pages) setPage(pages);
  const filtered = search.trim() !== "" || special;
  if (total === 0 && !filtered)
    return (
      <EmptyState title="There are no people yet">
        Members are invited by link under Members; an open project takes everybody with an account.
      </EmptyState>
    );
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2 border-b p-4">
        <Input
          type="search"
          aria-label="Search people by name"
          placeholder="Search by name"
          className="w-56"
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setPage(1);
          }}
        />
        <Checkbox
          label="Only with settings of their own"
          checked={special}
          onChange={(event) => {
            setSpecial(event.target.checked);
            setPage(1);
          }}
        />
      </div>
      {total === 0 && (
        <EmptyState title="Nobody fits">No name has these letters, or nobody of that name has settings of their own.</EmptyState>
      )}
      {people.length > 0 && (
        <People
          people={people}
          saving={change.isPending ? change.variables : null}
          onSave={(settings) => change.mutate({ projectId, ...settings })}
        />
      )}
      {pages > 1 && <Pages page={page} pages={pages} onPage={setPage} className="border-t p-2" />}
    </>
  );
}

type Person = inferRouterOutputs<AppRouter>["queue"]["team"]["people"][number];
type Settings = Pick<Person, "adjudicator" | "paused" | "dailyCap"> & { userId: string };

type PeopleProps = {
  people: readonly Person[];
  /** On their way: shown as if they were there. */
  saving: Settings | null;
  onSave: (settings: Settings) => void;
};

function People({ people, saving, onSave }: PeopleProps) {
  return (
    <Table label="People of the project" holdFirst>
      <THead>
        <Tr>
          <Th>Person</Th>
          <Th numeric>Today</Th>
          <Th>Adjudicator</Th>
          <Th>Paused</Th>
          <Th>Own cap a day</Th>
        </Tr>
      </THead>
      <TBody>
        {people.map(({ id, name, today, ...stored }) => {
          const { adjudicator, paused, dailyCap } = saving?.userId === id ? saving : stored;
          const save = (part: Partial<Settings>) => onSave({ userId: id, adjudicator, paused, dailyCap, ...part });
          return (
            <Tr key={id}>
              <Td className="font-medium">{name}</Td>
              <Td numeric>{formatCount(today)}</Td>
              <Td>
                <Checkbox
                  label={<span className="sr-only">{name} is an adjudicator</span>}
                  checked={adjudicator}
                  onChange={(event) => save({ adjudicator: event.target.checked })}
                />
              </Td>
              <Td>
                <Checkbox
                  label={<span className="sr-only">{name} is paused</span>}
                  checked={paused}
                  onChange={(event) => save({ paused: event.target.checked })}
                />
              </Td>
              <Td>
                <Input
                  aria-label={`Own cap a day of ${name}`}
                  inputMode="numeric"
                  placeholder="as the project"
                  className="figures w-32"
                  defaultValue={dailyCap ?? ""}
                  onBlur={(event) => {
                    const text = event.target.value.trim();
                    const cap = text === "" ? null : Number(text);
                    if (cap !== dailyCap) save({ dailyCap: cap });
                  }}
                />
              </Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}
