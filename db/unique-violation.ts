/** Whether PostgreSQL refused a row because another with the same key is there (unique_violation), as drizzle passes it on. */
export function isUniqueViolation(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if ("code" in cause && cause.code === "23505") return true;
  return false;
}
