import { OnecardError } from '../../errors.js';
import type { Scalar, TableName } from '../../model/configuration.js';
import type { Dialect } from '../dialect.js';
import { hmacPads } from '../hmac.js';
import { WHITE_SPACE } from '../letters.js';
import { newKeyOf } from '../new-key.js';
import type { Column } from '../schema.js';

/** The journal's tables stand beside the application's, told apart by this prefix. */
export const JOURNAL_PREFIX = 'onecard_';

/** How the server at hand lower-cases, found when connecting. */
export interface LowerCasing {
  /** The collation that comes closest to Unicode's lower case. */
  readonly collation: string;
  /** Letters that it lower-cases in another way, and what they should become. */
  readonly unsureLetters: string;
}

const identifier = (name: string) => `\`${name.replaceAll('`', '``')}\``;

const tableName = ({ schema, name }: TableName) =>
  schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;

/** Sessions run with backslash escapes on (see `settings` in database.ts). */
function literal(value: Scalar | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number') return String(value);
  if (value.includes('\0')) throw new OnecardError('A text with a NUL character cannot be a value here.');
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

const spaces = WHITE_SPACE.map((codePoint) => `\\x{${codePoint.toString(16)}}`).join('');
const aroundSpaces = literal(`^[${spaces}]+|[${spaces}]+$`);

/** What is not the same on MariaDB and MySQL. */
export interface Abilities {
  /** The collation that tells any two texts apart, also one from the same with a blank at its end. */
  readonly bytewise: string;
  /** Whether an INSERT can give what it has inserted. */
  readonly returnsRows: boolean;
}

export function mysqlDialect(
  { collation, unsureLetters }: LowerCasing,
  { bytewise, returnsRows }: Abilities,
): Dialect {
  const text = (expression: string) =>
    `CAST(${expression} AS CHAR CHARACTER SET utf8mb4) COLLATE ${bytewise}`;
  const unsureClass = literal(`[${unsureLetters}]`);
  return {
    identifier,
    literal,
    table: tableName,
    journal: (table) => identifier(`${JOURNAL_PREFIX}${table}`),

    text,
    // Bytes that are no text cannot be cast to one.
    exactText: (expression, { type }) =>
      /^(tiny|medium|long)?blob|binary|^bit|geometry|point|polygon|linestring/.test(type)
        ? `HEX(${expression})`
        : text(expression),
    asKey: (expression, column) => asKey(expression, column),
    // The server has an order of its own for uuids, which differs between versions.
    keyOrder: (expression, column) => {
      if (column.family === 'uuid') return text(expression);
      return column.family === 'text' ? `CAST(${expression} AS BINARY)` : expression;
    },

    letters: undefined,
    // Regular expressions are slow: only a text with a space, a control character or a letter beyond ASCII
    // at one of its ends needs one.
    normalized: (expression) => {
      const bare = text(expression);
      return `LOWER(CASE WHEN ORD(${bare}) BETWEEN 33 AND 126 AND ORD(RIGHT(${bare}, 1)) BETWEEN 33 AND 126 THEN ${bare}
        ELSE REGEXP_REPLACE(${bare}, ${aroundSpaces}, '') END COLLATE ${collation}) COLLATE ${bytewise}`;
    },
    // Texts are grouped by a digest of fixed width: grouping the texts themselves takes ten times as long,
    // and every collation but the newest ignores trailing blanks.
    fingerprint: (expression) => `UNHEX(SHA2(${expression}, 256))`,
    digest: (expression) => `CRC32(${expression})`,
    unsure: (expression) =>
      `(LENGTH(${text(expression)}) > CHAR_LENGTH(${text(expression)}) AND ${text(expression)} REGEXP ${unsureClass})`,
    characters: (expression) => `CHAR_LENGTH(${expression})`,
    asNumber: (condition) => `IF(${condition}, 1, 0)`,

    jsonArray: (expressions) => `JSON_ARRAY(${expressions.join(', ')})`,
    joinJson: (expression, orderBy) =>
      `CONCAT('[', GROUP_CONCAT(${expression}${orderBy ? ` ORDER BY ${orderBy}` : ''} SEPARATOR ','), ']')`,
    jsonText: (expression) => `JSON_QUOTE(${expression})`,
    jsonElement: (expression, index) => `JSON_VALUE(${expression}, '$[${index}]')`,

    materialized: '',
    inlined: '',
    evaluatedOnce: '',

    hmac: (expression, key) => {
      const { inner, outer } = hmacPads(key);
      return `SHA2(CONCAT(X'${outer}', UNHEX(SHA2(CONCAT(X'${inner}', CAST(${expression} AS BINARY)), 256))), 256)`;
    },
    newKey: (column, table) =>
      newKeyOf(column, {
        text,
        // By its own type, the texts beside it would have to be such, too.
        uuid: text('UUID()'),
        // A UUID begins with the time: of its digest, each digit is as good as any other.
        hexDigits: (digits) => `LEFT(SHA2(CONCAT(UUID(), RAND()), 256), ${digits})`,
        countUp: ({ name, type }) =>
          `ALTER TABLE ${tableName(table)} MODIFY ${identifier(name)} ${/^decimal/.test(type) ? 'bigint' : type} NOT NULL AUTO_INCREMENT`,
      }),
    overriding: () => '',
    returning: returnsRows ? (expression) => `RETURNING ${expression}` : undefined,
    lastInserted: 'LAST_INSERT_ID()',
    columnType: ({ type, collation }) =>
      collation === null ? type : `${type} CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`,
    analyze: (table) => `ANALYZE TABLE ${identifier(`${JOURNAL_PREFIX}${table}`)}`,
    // MariaDB cannot name one table here; the others are the journal's own.
    lockRows: () => 'FOR UPDATE',
    updateFrom: ({ target, source, on, set, where }) =>
      `UPDATE ${target} AS o\n  JOIN ${source} AS c ON ${on}\n   SET ${set}\n WHERE ${where}`,
    // A subquery instead of the join would be run for each row of the whole table.
    deleteFrom: ({ target, source, on, where }) =>
      `DELETE o\n  FROM ${target} AS o\n  JOIN ${source} AS c ON ${on}\n WHERE ${where}`,
    qualifiedInSet: (alias) => `${alias}.`,
    same: (left, right) => `${left} <=> ${right}`,
  };
}

function asKey(expression: string, column: Column): string {
  if (column.family === 'integer')
    return `CAST(${expression} AS ${/^decimal/.test(column.type) ? column.type.replace(/ .*/, '') : 'DECIMAL(20, 0)'})`;
  if (column.collation === null) return expression;
  const charset = column.collation.split('_')[0] ?? 'utf8mb4';
  return `CONVERT(${expression} USING ${charset}) COLLATE ${column.collation}`;
}
