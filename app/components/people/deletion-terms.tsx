/** What the deletion of a person takes and what it leaves, and the choice of what becomes of the votes. */
import { countOf } from "../../projects/format";

export const votesChoice = (data: FormData): "keep" | "withdraw" => (data.get("votes") === "withdraw" ? "withdraw" : "keep");

type Props = { /** "your" or "their". */ whose: "your" | "their"; votes: number; frozen: number };

export function DeletionTerms({ whose, votes, frozen }: Props) {
  const loose = votes - frozen;
  return (
    <>
      <div className="grid gap-4 text-sm sm:grid-cols-2">
        <div>
          <h3 className="font-semibold">Goes</h3>
          <ul className="mt-1 list-disc space-y-1 pl-5 text-muted">
            <li>name, e-mail, password and linked sign-ins</li>
            <li>all sessions; nobody can sign in again</li>
            <li>drafts, and the remarks beside votes</li>
            <li>memberships, and items being held</li>
          </ul>
        </div>
        <div>
          <h3 className="font-semibold">Stays, under a pseudonym</h3>
          <ul className="mt-1 list-disc space-y-1 pl-5 text-muted">
            <li>
              {frozen === 0
                ? `nothing in dataset versions: none holds ${whose} votes`
                : `${countOf(frozen, "vote")} in dataset versions, which never change`}
            </li>
            <li>the other votes, unless they are withdrawn</li>
            <li>entries of the log, and reviews of others’ votes</li>
          </ul>
        </div>
      </div>
      <fieldset className="flex flex-col gap-1 text-sm">
        <legend className="mb-1 font-medium">
          {loose === 0 ? "Votes outside dataset versions (there are none now)" : `${countOf(loose, "vote")} outside dataset versions`}
        </legend>
        <label className="flex min-h-9 items-center gap-2 pointer-coarse:min-h-11">
          <input type="radio" name="votes" value="keep" defaultChecked className="size-4 shrink-0 accent-accent" />
          <span>Keep them under the pseudonym</span>
        </label>
        <label className="flex min-h-9 items-center gap-2 pointer-coarse:min-h-11">
          <input type="radio" name="votes" value="withdraw" className="size-4 shrink-0 accent-accent" />
          <span>Withdraw them: they are emptied and count nowhere; others judge these items</span>
        </label>
      </fieldset>
    </>
  );
}
