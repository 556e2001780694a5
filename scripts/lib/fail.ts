/** How a command ends when something it cannot mend is in its way: one message, no stack. */

/** Prints the message and ends the process with `code`. */
export function fail(error: unknown, code = 1): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(code);
}
