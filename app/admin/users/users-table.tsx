"use client";
/** One row per account: role, ways to sign in, standing, and what an admin can do with it. */
import type { ListedUser } from "@/server/services/user";
import { Badge, SimulatedBadge } from "../../components/ui/badge";
import { RelativeTime } from "../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import type { Credentials } from "./password-dialog";
import { RoleSelect } from "./role-select";
import type { SortColumn, UserFilter } from "./use-user-filter";
import { UserActions } from "./user-actions";

type Props = {
  rows: readonly ListedUser[];
  ownId: string;
  filter: UserFilter;
  onFilter: (change: Partial<UserFilter>) => void;
  onPassword: (credentials: Credentials) => void;
};

function signsInWith(user: ListedUser): string {
  const ways = [...(user.hasPassword ? ["password"] : []), ...user.providers];
  return ways.length > 0 ? ways.join(", ") : "–";
}

export function UsersTable({ rows, ownId, filter, onFilter, onPassword }: Props) {
  const head = (column: SortColumn, label: string) => (
    <Th
      sort={filter.sort === column ? filter.direction : null}
      onSort={() =>
        onFilter({
          sort: column,
          direction: filter.sort === column && filter.direction === "asc" ? "desc" : "asc",
        })
      }
    >
      {label}
    </Th>
  );
  return (
    <Table label="Users">
      <THead>
        <Tr>
          {head("name", "Name")}
          {head("role", "Role")}
          <Th>Signs in with</Th>
          {head("created", "Added")}
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </Tr>
      </THead>
      <TBody>
        {rows.map((user) => (
          <Tr key={user.id}>
            <Td>
              <div className="flex flex-wrap items-center gap-x-2">
                <span className="font-medium">{user.name}</span>
                {user.id === ownId && <Badge>you</Badge>}
                {user.simulated && <SimulatedBadge />}
                {user.disabled && <Badge tone="failed">disabled</Badge>}
              </div>
              <div className="text-xs text-muted">{user.email}</div>
            </Td>
            <Td>{user.simulated ? user.role : <RoleSelect user={user} />}</Td>
            <Td className="text-muted">{signsInWith(user)}</Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={user.createdAt} />
            </Td>
            <Td className="text-right">{!user.simulated && <UserActions user={user} own={user.id === ownId} onPassword={onPassword} />}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
