/** Whether the database answers. */
import { sql } from "drizzle-orm";
import type { Db } from "../client";

/** @throws when it does not. */
export async function pingDatabase(db: Db): Promise<void> {
  await db.execute(sql`select 1`);
}
