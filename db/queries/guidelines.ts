/** SQL on guideline versions: written once, never changed. */
import { desc, eq, sql } from "drizzle-orm";
import type { Db } from "../client";
import { guidelineVersions, judgements, users } from "../schema";

export type GuidelineVersionRow = typeof guidelineVersions.$inferSelect;

/** Versions of a project, newest first, with how many judgements were made under each. */
export function selectGuidelineVersions(db: Db, projectId: string) {
  return db
    .select({
      id: guidelineVersions.id,
      version: guidelineVersions.version,
      body: guidelineVersions.body,
      createdBy: users.name,
      createdAt: guidelineVersions.createdAt,
      judgements:
        sql<number>`(select count(*) from ${judgements} where ${judgements.guidelineVersionId} = ${guidelineVersions.id} and ${judgements.undoneAt} is null)`.mapWith(
          Number,
        ),
    })
    .from(guidelineVersions)
    .leftJoin(users, eq(users.id, guidelineVersions.createdBy))
    .where(eq(guidelineVersions.projectId, projectId))
    .orderBy(desc(guidelineVersions.version));
}

export async function selectLatestGuideline(db: Db, projectId: string): Promise<GuidelineVersionRow | null> {
  const [row] = await db
    .select()
    .from(guidelineVersions)
    .where(eq(guidelineVersions.projectId, projectId))
    .orderBy(desc(guidelineVersions.version))
    .limit(1);
  return row ?? null;
}

/** Returns null when the version has been written by somebody else meanwhile. */
export async function insertGuidelineVersion(db: Db, version: typeof guidelineVersions.$inferInsert): Promise<GuidelineVersionRow | null> {
  const [row] = await db.insert(guidelineVersions).values(version).onConflictDoNothing().returning();
  return row ?? null;
}
