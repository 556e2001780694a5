"use client";
/** Profile, memberships, the download of everything stored, and deletion. */
import { useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { Download } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { AppRouter } from "@/server/root";
import { Button } from "../components/ui/button";
import { Card, CardBody, CardHeader } from "../components/ui/card";
import { ErrorState } from "../components/ui/empty-state";
import { PageHeader } from "../components/ui/page-header";
import { RelativeTime } from "../components/ui/relative-time";
import { Skeleton } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import { DeleteAccountDialog } from "./delete-account-dialog";

export type Account = inferRouterOutputs<AppRouter>["user"]["account"];

export function AccountView() {
  const trpc = useTRPC();
  const account = useQuery(trpc.user.account.queryOptions());
  return (
    <>
      <PageHeader title="Account" />
      {account.isPending && <Skeleton className="h-72 max-w-2xl" />}
      {account.isError && account.data === undefined && (
        <ErrorState message={errorMessage(account.error)} onRetry={() => void account.refetch()} />
      )}
      {account.data !== undefined && <Cards account={account.data} />}
    </>
  );
}

function Cards({ account }: { account: Account }) {
  const [deleting, setDeleting] = useState(false);
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <Card>
        <CardHeader title="Profile" />
        <CardBody>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
            <dt className="text-muted">Name</dt>
            <dd className="font-medium">{account.name}</dd>
            <dt className="text-muted">E-mail</dt>
            <dd className="break-all">{account.email}</dd>
            <dt className="text-muted">Role</dt>
            <dd>{account.role}</dd>
            <dt className="text-muted">Since</dt>
            <dd>
              <RelativeTime date={account.createdAt} />
            </dd>
          </dl>
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Projects" description="Those that made you a member; open projects are there for everybody beside them." />
        {account.memberships.length === 0 ? (
          <CardBody className="text-sm text-muted">None yet. Owners of a project invite by link.</CardBody>
        ) : (
          <ul className="divide-y">
            {account.memberships.map(({ projectId, slug, name, role }) => (
              <li key={projectId} className="flex flex-wrap items-center justify-between gap-x-4 px-4 py-2 text-sm">
                <Link href={role === "annotator" ? `/annotate/${slug}` : `/projects/${projectId}`} className="font-medium hover:underline">
                  {name}
                </Link>
                <span className="text-muted">{role}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card>
        <CardHeader
          title="Your data"
          description="Profile, memberships, drafts, every judgement with what was judged, and what the log says you did: one JSON file."
        />
        <CardBody>
          <Button asChild>
            <a href="/api/account/data" download>
              <Download aria-hidden="true" className="size-4" />
              Download
            </a>
          </Button>
        </CardBody>
      </Card>
      <Card>
        <CardHeader
          title="Delete the account"
          description="Takes you out of this installation for good. You see first what goes and what stays."
        />
        <CardBody>
          <Button variant="danger" onClick={() => setDeleting(true)}>
            Delete my account
          </Button>
        </CardBody>
      </Card>
      <DeleteAccountDialog account={account} open={deleting} onOpenChange={setDeleting} />
    </div>
  );
}
