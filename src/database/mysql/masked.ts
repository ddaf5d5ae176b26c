/** How a piece of SQL is to be read. */
export interface Reading {
  /** Double quotes stand around names, not texts. */
  readonly ansiQuotes: boolean;
  readonly noBackslashEscapes: boolean;
}

/** What servers write by themselves is read like that. */
export const PLAIN: Reading = { ansiQuotes: false, noBackslashEscapes: false };

export function readingOf(sqlMode: string): Reading {
  const modes = sqlMode.toUpperCase().split(',');
  return {
    ansiQuotes: modes.includes('ANSI_QUOTES') || modes.includes('ANSI'),
    noBackslashEscapes: modes.includes('NO_BACKSLASH_ESCAPES'),
  };
}

/**
 * The same SQL, character for character, with blanks in place of comments and texts, and with names in quotes
 * left as they are: what is found in it stands at the same place of the original. Comments that the server
 * executes stay.
 */
export function masked(sql: string, { ansiQuotes, noBackslashEscapes }: Reading): string {
  const inside = (quote: string) =>
    noBackslashEscapes ? `(?:[^${quote}]|${quote}${quote})*` : `(?:[^${quote}\\\\]|\\\\.|${quote}${quote})*`;
  const piece = new RegExp(
    [
      `(?<name>\`(?:[^\`]|\`\`)*\`${ansiQuotes ? '|"(?:[^"]|"")*"' : ''})`,
      `'${inside("'")}'`,
      ...(ansiQuotes ? [] : [`"${inside('"')}"`]),
      String.raw`/\*(?!M?!).*?\*/`,
      String.raw`--(?=\s|$)[^\n]*`,
      String.raw`#[^\n]*`,
    ].join('|'),
    'gs',
  );
  return sql.replaceAll(piece, (found, ...rest) => {
    const groups = rest.at(-1) as { name?: string };
    return groups.name === undefined ? ' '.repeat(found.length) : found;
  });
}

/** A name, in quotes or not, as far as masked SQL shows one. */
export const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[\\w$\\x80-\\uffff]+)';

export function plainName(name: string): string {
  const quote = name[0];
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
}
