"use client";
/** The role of one account, changed in place. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ROLES, roleSchema } from "@/domain/user";
import type { ListedUser } from "@/server/services/user";
import { Select } from "../../components/ui/field";
import { useToast } from "../../components/ui/toast";
import { errorMessage, useTRPC } from "../../trpc";

export function RoleSelect({ user }: { user: ListedUser }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queryClient = useQueryClient();
  const change = useMutation(
    trpc.user.changeRole.mutationOptions({
      onSuccess: (_, { role }) => toast({ title: `${user.name} is now ${role}` }),
      onError: (error) => toast({ title: "The role was not changed", description: errorMessage(error), tone: "failed" }),
      onSettled: () => queryClient.invalidateQueries(trpc.user.list.queryFilter()),
    }),
  );
  return (
    <Select
      aria-label={`Role of ${user.name}`}
      className="w-36 pointer-coarse:w-40"
      value={change.isPending ? change.variables.role : user.role}
      disabled={change.isPending}
      onChange={(event) => change.mutate({ userId: user.id, role: roleSchema.parse(event.target.value) })}
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {role}
        </option>
      ))}
    </Select>
  );
}
