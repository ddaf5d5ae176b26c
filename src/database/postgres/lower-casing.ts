import { letterPairs } from '../letters.js';
import type { Session } from '../session.js';
import type { LowerCasing } from './dialect.js';

/** Locales whose lower case knows neither languages nor neighbouring letters. */
const COLLATIONS = ['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8'];

/** Asks the server to lower-case every letter there is, and notes where it differs from the rule. */
export async function postgresLowerCasing(session: Session): Promise<LowerCasing | undefined> {
  const names = `ARRAY[${COLLATIONS.map((name) => `'${name}'`).join(', ')}]`;
  const [known] = await session.rows<{ collation: string }>(
    `SELECT quote_ident(collname) AS collation FROM pg_collation
      WHERE collnamespace = CAST('pg_catalog' AS regnamespace) AND collprovider IN ('b', 'c')
        AND collencoding IN (-1, pg_char_to_encoding('UTF8')) AND collname = ANY (${names})
      ORDER BY array_position(${names}, CAST(collname AS text)) LIMIT 1`,
  );
  if (known === undefined) return undefined;
  const collation = `pg_catalog.${known.collation}`;
  const rows = await session.rows<{ letter: string; small: string }>(
    `SELECT letter, lower(letter COLLATE ${collation}) AS small
       FROM (SELECT chr(n) COLLATE "C" AS letter FROM generate_series(128, 131071) AS n WHERE n NOT BETWEEN 55296 AND 57343) AS l
      WHERE lower(letter COLLATE ${collation}) <> letter`,
  );
  const given = new Map(rows.map(({ letter, small }) => [letter, small]));
  const { upper, lower } = letterPairs();
  const small = [...lower];
  const wanted = new Map([...upper].map((letter, index) => [letter, small[index] ?? letter]));
  const differing = [...new Set([...wanted.keys(), ...given.keys()])]
    .map((letter) => [letter, wanted.get(letter) ?? letter] as const)
    .filter(([letter, rule]) => letter > '\x7f' && (given.get(letter) ?? letter) !== rule);
  // They are replaced before the server lower-cases, hence what they become must stay.
  if (differing.some(([, rule]) => given.has(rule))) return undefined;
  return {
    collation,
    upper: differing.map(([letter]) => letter).join(''),
    lower: differing.map(([, rule]) => rule).join(''),
  };
}
