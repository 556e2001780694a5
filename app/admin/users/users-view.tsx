"use client";
/** The list of accounts with search and sorting, and the dialogs that change them. */
import { useQuery } from "@tanstack/react-query";
import { UserPlus, Users } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/ui/button";
import { Card } from "../../components/ui/card";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { Checkbox, Input } from "../../components/ui/field";
import { PageHeader } from "../../components/ui/page-header";
import { Pages } from "../../components/ui/pages";
import { SkeletonTable } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { countOf } from "../../projects/format";
import { NewUserDialog } from "./new-user-dialog";
import { type Credentials, PasswordDialog } from "./password-dialog";
import { filterUsers, useUserFilter } from "./use-user-filter";
import { UsersTable } from "./users-table";

const PAGE_SIZE = 100;

export function UsersView({ ownId }: { ownId: string }) {
  const trpc = useTRPC();
  const users = useQuery(trpc.user.list.queryOptions());
  const [filter, setFilter] = useUserFilter();
  const [adding, setAdding] = useState(false);
  const [credentials, setCredentials] = useState<Credentials | null>(null);

  const rows = filterUsers(users.data ?? [], filter);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE));
  const page = Math.min(filter.page, pages);
  const simulated = users.data?.filter((user) => user.simulated).length ?? 0;
  return (
    <>
      <PageHeader
        title="Users"
        description="Each role includes the ones before it: annotator, researcher, admin. A change counts from the person's next click."
        actions={
          <Button variant="primary" onClick={() => setAdding(true)}>
            <UserPlus aria-hidden="true" className="size-4" />
            Add user
          </Button>
        }
      />
      <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-2">
        <Input
          type="search"
          aria-label="Search by name, e-mail or role"
          placeholder="Search by name, e-mail or role"
          className="sm:w-80"
          value={filter.query}
          onChange={(event) => setFilter({ query: event.target.value })}
        />
        {simulated > 0 && (
          <Checkbox
            label={`Show ${simulated} simulated`}
            checked={filter.simulated}
            onChange={(event) => setFilter({ simulated: event.target.checked })}
          />
        )}
        <p role="status" className="figures text-sm text-muted sm:ml-auto">
          {users.isSuccess && countOf(rows.length, "account")}
        </p>
      </div>
      <Card>
        {users.isPending && <SkeletonTable label="Loading users" />}
        {users.isError && <ErrorState message={errorMessage(users.error)} onRetry={() => void users.refetch()} />}
        {users.isSuccess && rows.length === 0 && (
          <EmptyState
            icon={<Users aria-hidden="true" />}
            title="Nobody matches"
            action={<Button onClick={() => setFilter({ query: "" })}>Clear the search</Button>}
          >
            No account has all these words in its name, e-mail or role.
          </EmptyState>
        )}
        {rows.length > 0 && (
          <UsersTable
            rows={rows.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)}
            ownId={ownId}
            filter={filter}
            onFilter={setFilter}
            onPassword={(next) => setCredentials(next)}
          />
        )}
        {pages > 1 && <Pages page={page} pages={pages} onPage={(next) => setFilter({ page: next })} className="border-t p-2" />}
      </Card>
      <NewUserDialog
        open={adding}
        onOpenChange={setAdding}
        onCreated={(next) => {
          setAdding(false);
          setCredentials(next);
        }}
      />
      <PasswordDialog credentials={credentials} onClose={() => setCredentials(null)} />
    </>
  );
}
