const NESTED = (inner: string) => String.raw`\/\*(?:(?!\/\*|\*\/)[^]|${inner})*\*\/`;
/** Three deep; what is deeper stays. */
const COMMENT = NESTED(NESTED(NESTED('(?!)')));
const PIECE = new RegExp(
  [String.raw`--[^\n]*`, COMMENT, String.raw`(?<kept>'[^']*'|"[^"]*"|\$(\w*)\$[^]*?\$\2\$)`].join('|'),
  'g',
);

/** A statement without comments, in which each white space is one blank: as it is told by how it begins. */
export function headOf(statement: string): string {
  // Values are many, and tell nothing.
  const part = /^INSERT\s/i.test(statement) ? statement.slice(0, 1_000) : statement;
  return part
    .replace(PIECE, (_, ...rest) => (rest.at(-1) as { kept?: string }).kept ?? ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
