/** Who is signed in, for pages and procedures of the running request. */
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { type ProjectRole, projectRoleAtLeast } from "../domain/project-role";
import { type Role, roleAtLeast } from "../domain/user";
import { greatestRole } from "./access";
import type { ServiceContext, SessionUser } from "./context";
import { getDb } from "./database";
import { networkAddress } from "./network-address";
import { userOfCookies } from "./session-token";

async function readSession(): Promise<SessionUser | null> {
  return userOfCookies((await cookies()).getAll());
}

/** Read once per request, however many components ask. */
export const getSessionUser = cache(readSession);

/** The context of services and procedures for the running request. */
export async function createContext(): Promise<ServiceContext> {
  const address = networkAddress((await headers()).get("x-forwarded-for"));
  return { db: getDb(), user: await readSession(), address };
}

/** For pages: the signed-in user with at least `role`, or a redirect to sign-in or home. */
export async function requireRole(role: Role, here: string): Promise<SessionUser> {
  const user = await getSessionUser();
  if (user === null) redirect(`/sign-in?next=${encodeURIComponent(here)}`);
  if (!roleAtLeast(user.role, role)) redirect("/");
  return user;
}

/** For the rooms of researchers: whoever is one, or has at least the role `needed` in some project; others are sent home. */
export async function requireWork(needed: ProjectRole, here: string): Promise<SessionUser> {
  const user = await requireRole("annotator", here);
  if (!projectRoleAtLeast(await greatestRole({ db: getDb(), user }), needed)) redirect("/");
  return user;
}
