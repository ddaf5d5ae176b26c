/** Sessions run with backslash escapes on (see `settings` in database.ts). */
export const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

export const identifier = (name: string) => `\`${name.replaceAll('`', '``')}\``;
