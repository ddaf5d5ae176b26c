/** How a piece of SQL is to be read. */
export interface Reading {
  /** Double quotes stand around names, not texts. */
  readonly ansiQuotes: boolean;
  readonly noBackslashEscapes: boolean;
}

export function readingOf(sqlMode: string): Reading {
  const modes = sqlMode.split(',');
  return {
    ansiQuotes: modes.includes('ANSI_QUOTES'),
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
export const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[\\p{L}\\p{N}_$]+)';

export function plainName(name: string): string {
  const quote = name[0];
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
}

/** The names that qualify others in SQL without texts and comments: `a` of `a.b` and of `a.b.c`, but not `b`. */
export function qualifiers(sql: string): string[] {
  // Variables begin with @, and those of the server are qualified, too.
  const tokens = [...sql.matchAll(new RegExp(String.raw`(?<name>@*${NAME})|\.|[^\s]`, 'gu'))];
  const isDot = (at: number) => tokens[at]?.[0] === '.';
  return tokens.flatMap((token, at) => {
    const name = token.groups?.['name'];
    const qualifies = name !== undefined && !name.startsWith('@') && isDot(at + 1) && !isDot(at - 1);
    return qualifies ? [plainName(name)] : [];
  });
}
