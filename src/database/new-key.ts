import type { TableName } from '../model/configuration.js';
import type { Obstacle } from './database.js';
import type { Column } from './schema.js';

/** Where the key of a new row comes from. */
export type NewKey =
  | {
      readonly made: 'ahead';
      /** A new key, as text; evaluated for each row. */
      readonly sql: string;
      /** What that takes its values from. */
      readonly sequences: readonly Required<TableName>[];
    }
  /** The server counts it up as it inserts the row, and says what it was. */
  | { readonly made: 'by the insert' }
  | { readonly made: 'nowhere'; readonly obstacle: Obstacle };

/** How a server makes keys that nobody else has. */
export interface KeyMaker {
  readonly text: (expression: string) => string;
  readonly uuid: string;
  /** So many random digits, at most 32. */
  readonly hexDigits: (digits: number) => string;
  /** What makes the server count the values of this column up. */
  readonly countUp: (column: Column) => string;
}

const UUID_LENGTH = 36;
const MOST_DIGITS = 32;
/** With fewer random digits, a million keys could hold the same one twice. */
const FEWEST_DIGITS = 16;

/** A number comes from where the application's come from; nothing is assumed about what comes next. */
export function newKeyOf(column: Column, maker: KeyMaker): NewKey {
  const ahead = (sql: string): NewKey => ({ made: 'ahead', sql, sequences: [] });
  if (column.family === 'uuid') return ahead(maker.uuid);
  if (column.family === 'text') {
    if (column.length === null || column.length >= UUID_LENGTH) return ahead(maker.uuid);
    if (column.length >= FEWEST_DIGITS) return ahead(maker.hexDigits(Math.min(column.length, MOST_DIGITS)));
    return nowhere(
      `The person key ${column.name} has ${column.length} characters: too few for a key that nobody else has.`,
      `Keys are made for texts of ${FEWEST_DIGITS} characters or more, and for numbers that the server counts up: widen the column, and what refers to it.`,
    );
  }
  const { keySource } = column;
  if (keySource === 'insert') return { made: 'by the insert' };
  if (keySource !== undefined)
    return { made: 'ahead', sql: maker.text(keySource.next), sequences: keySource.sequences };
  return nowhere(
    `The person key ${column.name} (${column.type}) has neither a sequence nor a default: nothing says which key a new card gets.`,
    `Let the server count it up, from above the highest key there is: ${maker.countUp(column)}.`,
  );
}

const nowhere = (message: string, remedy: string): NewKey => ({
  made: 'nowhere',
  obstacle: { message, remedy },
});
