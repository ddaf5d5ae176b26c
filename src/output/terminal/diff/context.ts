import type { Configuration, TableName } from '../../../model/configuration.js';
import { wrap } from '../layout.js';
import { brushFor, type Look, type Tone } from '../look.js';
import { printable } from '../printable.js';

export interface DiffContext {
  readonly look: Look;
  readonly configuration: Configuration;
  /** Columns that the mapping does not name, filled from the operator's columns of the same name. */
  readonly copied?: ReadonlySet<string>;
  /** How the key of a new person comes about, such as `key: next value of person_id_seq`. */
  readonly personKeyNote?: string | undefined;
}

/** What follows a header stands below its name. */
export const HEADER_INDENT = 10;
export const BODY_INDENT = 2;
export const GAP = 2;
/** However narrow the look is, so much of a value is shown. */
export const NARROWEST = 12;

/** A column of the operator table, as the lines about the link and broken links name it. */
export function linkColumn({ operators }: Configuration): string {
  return `${tableName(operators.table)}.${printable(operators.link)}`;
}

export function tableName({ schema, name }: TableName): string {
  return printable(schema === undefined ? name : `${schema}.${name}`);
}

/** Words that may be parted by a line break; values stay in one piece. */
export function say(text: string): string[] {
  return text.split(' ');
}

/** Words in the body of a diff; further lines are indented once more. */
export function sentence(tone: Tone, words: readonly string[], { look }: DiffContext): string[] {
  const lines = wrap(words, look.width - BODY_INDENT - GAP);
  return lines.map((line, index) => {
    const indent = ' '.repeat(BODY_INDENT + (index === 0 ? 0 : GAP));
    return indent + brushFor(look)[tone](line);
  });
}
