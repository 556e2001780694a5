/** Who is asking, and the database: what every service is given first. */
import type { Db } from "../db/client";
import type { Role } from "../domain/user";

export type SessionUser = { id: string; role: Role; name: string; simulated: boolean };

export type ServiceContext = {
  db: Db;
  user: SessionUser | null;
  /** The caller's network address, for limits on what visitors may do. */
  address?: string;
};

/** For services that need somebody to be signed in. */
export type UserContext = ServiceContext & { user: SessionUser };
