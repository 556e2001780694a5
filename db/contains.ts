/** The pattern of `like` and `ilike` for texts that contain `words`, whatever characters these are. */
export const containing = (words: string): string => `%${words.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
