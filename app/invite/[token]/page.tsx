/** Where an invitation's link leads: says to what and as what, and lets people join, signing in or up on the way. */
import type { Metadata } from "next";
import Link from "next/link";
import { INVITATION_PROBLEMS, invitationTokenSchema } from "@/domain/invitation";
import { PROJECT_ROLE_WORDS, PROJECT_ROLES } from "@/domain/project-role";
import { getDb } from "@/server/database";
import { previewInvitation } from "@/server/services/invitation";
import { getSessionUser } from "@/server/session";
import { FrontPage } from "../../components/shell/front-page";
import { Button } from "../../components/ui/button";
import { JoinButton } from "./join-button";

// The address is the secret: it is not to be sent along to other pages.
export const metadata: Metadata = { title: "Invitation", referrer: "same-origin", robots: "noindex" };

export default async function InvitePage({ params }: { params: Promise<{ token: string }> }) {
  const token = invitationTokenSchema.safeParse((await params).token);
  const invitation = token.success ? await previewInvitation(getDb(), token.data) : null;
  if (!token.success || invitation === null) {
    return (
      <FrontPage title="No such invitation">
        <p className="text-sm text-muted">Check that the whole link was copied, or ask whoever sent it for a new one.</p>
      </FrontPage>
    );
  }
  const { state, project, role, forOneAddress } = invitation;
  if (state !== "open") {
    return (
      <FrontPage title={`Invitation to ${project}`}>
        <p role="alert" className="rounded-md bg-failed-soft px-3 py-2 text-sm text-failed">
          {INVITATION_PROBLEMS[state]}
        </p>
        <p className="mt-4 text-sm text-muted">
          Who joined by it before stays a member:{" "}
          <Link href="/" className="font-medium text-accent hover:underline">
            go to Hone
          </Link>
          .
        </p>
      </FrontPage>
    );
  }
  const user = await getSessionUser();
  const next = encodeURIComponent(`/invite/${token.data}`);
  return (
    <FrontPage title={`Join ${project}`}>
      <dl className="mb-5 flex flex-col gap-2 text-sm">
        <div>
          <dt className="text-muted">Your role there</dt>
          <dd>
            <span className="font-medium">{role}</span>:{" "}
            {PROJECT_ROLES.slice(0, PROJECT_ROLES.indexOf(role) + 1)
              .map((known) => PROJECT_ROLE_WORDS[known])
              .join("; ")}
          </dd>
        </div>
        {forOneAddress && (
          <div>
            <dt className="text-muted">For</dt>
            <dd>the e-mail address it was sent to</dd>
          </div>
        )}
      </dl>
      {user === null ? (
        <div className="flex flex-col gap-2">
          <Button asChild variant="primary" size="lg">
            <Link href={`/sign-in?next=${next}`}>Sign in and join</Link>
          </Button>
          <Button asChild size="lg">
            <Link href={`/sign-up?next=${next}`}>Create an account and join</Link>
          </Button>
        </div>
      ) : (
        <JoinButton token={token.data} name={user.name} />
      )}
    </FrontPage>
  );
}
