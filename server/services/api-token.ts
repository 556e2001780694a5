/**
 * Tokens of programs. A token is "hone_" and 32 random bytes, so its sha256 is all that needs keeping: nobody can guess
 * one, and a copy of the table opens nothing. What it may do is looked up with every request: never more than its
 * person may at that moment.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Db } from "../../db/client";
import {
  countLiveTokens,
  insertApiToken,
  revokeApiToken,
  selectApiTokens,
  selectTokenHolder,
  touchApiToken,
} from "../../db/queries/api-tokens";
import type { NewApiToken } from "../../domain/api-token";
import { requireProject } from "../access";
import type { SessionUser, UserContext } from "../context";
import { AppError, fieldError } from "../errors";

const PREFIX = "hone_";
const TOKEN = /^hone_[\w-]{43}$/;
/** Of the token, by which its owner knows it: 24 of its 256 bits. */
const SHOWN_CHARACTERS = PREFIX.length + 4;
const MAX_TOKENS = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

const hashToken = (token: string) => createHash("sha256").update(token).digest("hex");

export type ListedToken = Awaited<ReturnType<typeof selectApiTokens>>[number];

/** The caller's own, newest first. */
export function listTokens(ctx: UserContext): Promise<ListedToken[]> {
  return selectApiTokens(ctx.db, ctx.user.id);
}

/** Makes a token, which is returned this once. Throws CONFLICT for more than anybody keeps track of. */
export async function createToken(ctx: UserContext, input: NewApiToken): Promise<{ id: string; name: string; token: string }> {
  const { name, projectId, days } = input;
  if (projectId !== null) {
    await requireProject(ctx, { project: projectId }, "researcher").catch((error: unknown) => {
      throw error instanceof AppError ? fieldError("projectId", error.message) : error;
    });
  }
  if ((await countLiveTokens(ctx.db, ctx.user.id)) >= MAX_TOKENS) {
    throw new AppError("CONFLICT", `You have ${MAX_TOKENS} tokens that work. Revoke those that nothing uses any more.`);
  }
  const token = PREFIX + randomBytes(32).toString("base64url");
  const { id } = await insertApiToken(ctx.db, {
    userId: ctx.user.id,
    name,
    scopes: [...new Set(input.scopes)],
    projectId,
    expiresAt: days === null ? null : new Date(Date.now() + days * DAY_MS),
    hash: hashToken(token),
    prefix: token.slice(0, SHOWN_CHARACTERS),
  });
  return { id, name, token };
}

/** Ends one of the caller's own tokens with the next request that it makes. */
export async function revokeToken(ctx: UserContext, input: { tokenId: string }): Promise<void> {
  if (await revokeApiToken(ctx.db, { ...input, userId: ctx.user.id })) return;
  throw new AppError("NOT_FOUND", "There is no such token, or it was revoked already.");
}

export type TokenHolder = { token: Pick<ListedToken, "id" | "name" | "prefix" | "scopes" | "projectId" | "expiresAt">; user: SessionUser };

/** Whose token it is, or why it does not work. */
export async function findTokenHolder(db: Db, token: string): Promise<TokenHolder | { problem: string }> {
  const found = TOKEN.test(token) ? await selectTokenHolder(db, hashToken(token)) : null;
  if (found === null) return { problem: "There is no such token." };
  if (found.revokedAt !== null) return { problem: "This token was revoked." };
  if (found.expired) return { problem: "This token has expired." };
  if (found.user.disabled) return { problem: "The account of this token is disabled." };
  if (!found.usedLately) await touchApiToken(db, found.id);
  const { id, role, name, simulated } = found.user;
  return { token: found, user: { id, role, name, simulated } };
}
