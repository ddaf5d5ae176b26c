import { codePoints, DOTTED_CAPITAL_I, lowerCase } from '../letters.js';
import type { Session } from '../session.js';
import type { LowerCasing } from './dialect.js';

/** From the newest Unicode tables to the oldest; MySQL 8 and each MariaDB know some of them. */
const COLLATIONS = ['utf8mb4_uca1400_as_cs', 'utf8mb4_0900_as_cs', 'utf8mb4_unicode_520_ci'];

/**
 * Asks the server to lower-case every letter there is, in one statement, and notes where it differs from the
 * rule. Both cases of such a letter count as unsure, since either side of a comparison may hold either.
 */
export async function mysqlLowerCasing(session: Session): Promise<LowerCasing> {
  const known = await session.rows<{ name: string }>(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS
      WHERE COLLATION_NAME IN (${COLLATIONS.map((name) => `'${name}'`).join(', ')})
      UNION SELECT CONCAT('utf8mb4_', COLLATION_NAME) FROM information_schema.COLLATIONS
      WHERE COLLATION_NAME IN (${COLLATIONS.map((name) => `'${name.replace('utf8mb4_', '')}'`).join(', ')})`,
  );
  const names = new Set(known.map(({ name }) => name));
  const collation = COLLATIONS.find((name) => names.has(name)) ?? 'utf8mb4_bin';
  const letters = [...codePoints()].filter((codePoint) => codePoint > 0x7f);
  const [row] = await session.rows<{ lower: string }>(
    `SELECT LOWER('${letters.map((letter) => String.fromCodePoint(letter)).join(' ')}' COLLATE ${collation}) AS \`lower\``,
  );
  const given = (row?.lower ?? '').split(' ');
  const unsure = letters.flatMap((letter, index) => {
    const wanted = String.fromCodePoint(lowerCase(letter));
    return given[index] === wanted ? [] : [String.fromCodePoint(letter), wanted];
  });
  return { collation, unsureLetters: [DOTTED_CAPITAL_I, ...unsure].join('') };
}
