import { OnecardError } from '../../errors.js';
import { masked, qualifiers, type Reading } from './masked.js';

/** They can only be read, and tell of every database alike. */
const HARMLESS = ['information_schema', 'performance_schema'];
/** They stand for the row at hand, whatever databases there are. */
const ROWS = ['new', 'old'];
/** What makes statements of texts. */
const DYNAMIC = /\b(PREPARE|EXECUTE\s+IMMEDIATE)\b/i;

/** A piece of SQL that is to become part of a copy. */
export interface Piece {
  /** As messages call it: `trigger person_log`. */
  readonly what: string;
  readonly sql: string;
  readonly reading: Reading;
}

/**
 * What says `database.table` means that very database, in the copy as well, which would read or write the original
 * or its neighbours. A table or alias of the same name as some database cannot be told from it and counts, too.
 * @param databases every one of the server.
 * @throws OnecardError naming the piece.
 */
export function refuseForeignNames({ what, sql, reading }: Piece, databases: readonly string[]): void {
  const known = new Set(
    databases.map((name) => name.toLowerCase()).filter((name) => !HARMLESS.includes(name)),
  );
  const code = masked(sql, reading);
  const found = qualifiers(DYNAMIC.test(code) ? sql : code).find(
    (name) => known.has(name.toLowerCase()) && !ROWS.includes(name.toLowerCase()),
  );
  if (found === undefined) return;
  throw new OnecardError(
    `The ${what} names the database ${found}: in a copy, it would still work on that one.`,
    {
      remedy: `Leave out "${found}." in it, since names without a database mean its own one; or rehearse a dump file on a server of its own.`,
    },
  );
}
