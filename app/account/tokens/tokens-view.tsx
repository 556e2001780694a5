"use client";
/** Own tokens: what each may do, when it was used last, and how to end it. */
import { useQuery } from "@tanstack/react-query";
import { KeySquare, Plus } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button } from "../../components/ui/button";
import { Card } from "../../components/ui/card";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { PageHeader } from "../../components/ui/page-header";
import { SecretDialog } from "../../components/ui/secret-dialog";
import { SkeletonTable } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { NewTokenDialog } from "./new-token-dialog";
import { TokensTable } from "./tokens-table";

export function TokensView({ mayCreate }: { mayCreate: boolean }) {
  const trpc = useTRPC();
  const tokens = useQuery(trpc.token.list.queryOptions());
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  const add = (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden="true" className="size-4" />
      New token
    </Button>
  );
  return (
    <>
      <PageHeader
        title="API tokens"
        description={
          <>
            A program signs in with a token of yours. It can never do more than you can, and ends when you revoke it.{" "}
            <Link href="/developers" className="text-accent underline">
              Examples of the API
            </Link>
          </>
        }
        actions={mayCreate && tokens.data !== undefined && tokens.data.length > 0 ? add : undefined}
      />
      <Card>
        {tokens.isPending && <SkeletonTable rows={3} label="Loading tokens" />}
        {tokens.isError && <ErrorState message={errorMessage(tokens.error)} onRetry={() => void tokens.refetch()} />}
        {tokens.data?.length === 0 && (
          <EmptyState icon={<KeySquare aria-hidden="true" />} title="No tokens yet" action={mayCreate ? add : undefined}>
            {mayCreate
              ? "Make one for each program: then you see which one still works, and can end one without the others."
              : "The API gives whole projects, so tokens are for researchers and admins. Ask an admin if you need one."}
          </EmptyState>
        )}
        {tokens.data !== undefined && tokens.data.length > 0 && <TokensTable tokens={tokens.data} />}
      </Card>
      {mayCreate && (
        <NewTokenDialog
          open={adding}
          onOpenChange={setAdding}
          onCreated={(next) => {
            setAdding(false);
            setMade(next);
          }}
        />
      )}
      <SecretDialog
        secret={made?.token ?? null}
        title={`Token for ${made?.name ?? ""}`}
        description="It is shown this once and stored only as a hash. Whoever has it can do what it may do."
        onClose={() => setMade(null)}
      >
        <p className="mt-3 text-sm text-muted">
          Sent with each request: <code>Authorization: Bearer …</code>
        </p>
      </SecretDialog>
    </>
  );
}
