import { OnecardError } from '../../errors.js';
import type { Scalar, TableName } from '../../model/configuration.js';
import { lastCharacter } from '../characters.js';
import { type ConversionVerbs, convertedBy } from '../conversion.js';
import { type Dialect, likePattern, type Misfit, type Operand, UTF8_IN_HEX } from '../dialect.js';
import { hmacPads } from '../hmac.js';
import { WHITE_SPACE } from '../letters.js';
import { newKeyOf } from '../new-key.js';
import { numberMisfits } from '../numbers.js';
import type { Column } from '../schema.js';
import { contentDigestMysql } from './content-digest.js';
import { identifier, quoted } from './quoting.js';

/** The journal's tables stand beside the application's, told apart by this prefix. */
export const JOURNAL_PREFIX = 'onecard_';

/** How the server at hand lower-cases, found when connecting. */
export interface LowerCasing {
  /** The collation that comes closest to Unicode's lower case. */
  readonly collation: string;
  /** Letters that it lower-cases in another way, and what they should become. */
  readonly unsureLetters: string;
}

const tableName = ({ schema, name }: TableName) =>
  schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;

function literal(value: Scalar | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number') return String(value);
  if (value.includes('\0')) throw new OnecardError('A text with a NUL character cannot be a value here.');
  return quoted(value);
}

const bytes = (expression: string) => `CAST(CAST(${expression} AS CHAR CHARACTER SET utf8mb4) AS BINARY)`;

const LAST_CHARACTER = literal(lastCharacter((codePoint) => `\\x{${codePoint.toString(16)}}`));

const TEXT_OR_NAME = /'(?:[^'\\]|\\.|'')*'|`((?:[^`]|``)+)`/gs;

const charsetOf = ({ collation }: Column) => collation?.split('_')[0];

/** Letters that the character set of the column has not: the server would refuse them, or write question marks. */
function charsetMisfits(expression: string, from: Column, target: Column): Misfit[] {
  const charset = charsetOf(target);
  if (charset === undefined || charset === 'utf8mb4' || charset === charsetOf(from)) return [];
  const asStored = `CONVERT(CONVERT(${expression} USING ${charset}) USING utf8mb4)`;
  return [
    {
      condition: `CAST(${asStored} AS BINARY) <> ${bytes(expression)}`,
      problem: `has letters that the character set ${charset} has not`,
    },
  ];
}

/** A TEXT is bounded in bytes; a server copies what is longer from one to another by cutting it, in strict mode, too. */
function byteMisfits(expression: string, from: Column, target: Column): Misfit[] {
  const { type, length } = target;
  if (length === null || !/^(tiny|medium)?text$/.test(type) || from.type === type) return [];
  if (from.family === 'text' && from.length !== null && 4 * from.length <= length) return [];
  return [
    {
      condition: `LENGTH(CONVERT(${expression} USING ${charsetOf(target) ?? 'utf8mb4'})) > ${length}`,
      problem: `longer than ${length} bytes`,
    },
  ];
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
  const conversion: ConversionVerbs = {
    text,
    hasForm: (expression, pattern) => `${text(expression)} REGEXP ${literal(pattern)}`,
    asUuid: (expression) => `CAST(${expression} AS UUID)`,
    asEnum: (expression) => expression,
    literal,
  };
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
    // Without its index, the server would compare each text with each row.
    isKey: (expression, given, column) => {
      const spelling = SPELLINGS.get(column.family);
      const key =
        spelling === undefined ? given : `CASE WHEN ${given} REGEXP ${literal(spelling)} THEN ${given} END`;
      return `${expression} = ${asKey(key, column)} AND ${text(expression)} = ${text(given)}`;
    },
    decoded: (expression) =>
      `CASE WHEN LOWER(HEX(${expression})) REGEXP ${literal(UTF8_IN_HEX)} THEN CONVERT(${expression} USING utf8mb4) COLLATE ${bytewise} END`,
    bytesDigest: (expression) => `CONCAT('sha256:', SHA2(${expression}, 256))`,
    matches: (expression, pattern) => `${text(expression)} LIKE ${literal(likePattern(pattern))} ESCAPE '!'`,
    joined,
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
    truncated: (expression, length) =>
      `CASE WHEN CHAR_LENGTH(${expression}) > ${length}
            THEN LEFT(REGEXP_REPLACE(LEFT(${text(expression)}, ${length + 1}), ${LAST_CHARACTER}, ''), ${length}) ELSE ${expression} END`,
    converted: (expression, from, target) => convertedBy(conversion, expression, from, target),
    asColumn: (expression, column) =>
      column.collation === null ? expression : asKey(text(expression), column),
    // A subquery in FROM must not read the row around it; but every name is in backticks here.
    evaluated: (expression, values) =>
      `(${expression.replace(TEXT_OR_NAME, (token, name?: string) =>
        name === undefined ? token : (values.get(name.replaceAll('``', '`')) ?? token),
      )})`,
    unstorable: (expression, from, target) => [
      ...numberMisfits(expression, from, target),
      ...charsetMisfits(expression, from, target),
      ...byteMisfits(expression, from, target),
    ],
    asNumber: (condition) => `IF(${condition}, 1, 0)`,

    constants: (columns, rows) => {
      const types = columns.map(
        (column, index) =>
          `${column} VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE ${bytewise} PATH '$[${index}]'`,
      );
      return `SELECT * FROM JSON_TABLE(${literal(JSON.stringify(rows))}, '$[*]' COLUMNS (${types.join(', ')})) AS c`;
    },
    today: `DATE_FORMAT(UTC_DATE(), '%Y-%m-%d')`,
    isoTime,
    asInteger: (expression) => `CAST(${expression} AS SIGNED)`,

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
        // A UUID begins with the time; in its digest, every digit is random.
        hexDigits: (digits) => `LEFT(SHA2(CONCAT(UUID(), RAND()), 256), ${digits})`,
        countUp: ({ name, type }) =>
          `ALTER TABLE ${tableName(table)} MODIFY ${identifier(name)} ${/^decimal/.test(type) ? 'bigint' : type} NOT NULL AUTO_INCREMENT`,
      }),
    overriding: () => '',
    returning: returnsRows ? (expression) => `RETURNING ${expression}` : undefined,
    lastInserted: 'LAST_INSERT_ID()',
    fireDeferred: undefined,
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

    contentDigest: contentDigestMysql,
    exactReading: [],
  };
}

/**
 * A `timestamp` is an instant, which the server shows in the time zone of the session. `UNIX_TIMESTAMP` gives it as
 * it is kept, in the hour that clocks show twice, too; and 0 for the zero date, which no such column holds otherwise.
 */
function isoTime(expression: string, { type }: Column): string | undefined {
  if (type === 'date') return `DATE_FORMAT(${expression}, '%Y-%m-%d')`;
  if (type.startsWith('datetime')) return `DATE_FORMAT(${expression}, '%Y-%m-%dT%H:%i:%s.%f')`;
  if (!type.startsWith('timestamp')) return undefined;
  const inUtc = `DATE_ADD(TIMESTAMP'1970-01-01 00:00:00', INTERVAL UNIX_TIMESTAMP(${expression}) SECOND)`;
  return `CASE WHEN UNIX_TIMESTAMP(${expression}) = 0 THEN '0000-00-00' ELSE DATE_FORMAT(${inUtc}, '%Y-%m-%dT%H:%i:%s.%fZ') END`;
}

/** With anything else in place of a key, a strict server ends a statement that writes. */
const SPELLINGS: ReadonlyMap<Column['family'], string> = new Map([
  ['uuid', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'],
  ['integer', '^-?[0-9]{1,20}$'],
  ['decimal', '^-?[0-9]{1,35}([.][0-9]{1,30})?$'],
]);

/** By the index of the left column first, and then byte by byte. */
function joined(left: Operand, right: Operand): string {
  const [one, other] = [left.column, right.column];
  if (one.family !== 'text' && one.family !== 'uuid' && one.family === other.family)
    return `${left.expression} = ${right.expression}`;
  const indexed =
    one.family === 'text'
      ? `${left.expression} = ${one.collation === other.collation ? right.expression : asKey(right.expression, one)} AND `
      : '';
  return `${indexed}${bytes(left.expression)} = ${bytes(right.expression)}`;
}

function asKey(expression: string, column: Column): string {
  if (column.family === 'integer') return `CAST(${expression} AS DECIMAL(20, 0))`;
  if (column.type.startsWith('decimal')) return `CAST(${expression} AS ${column.type.replace(/ .*/, '')})`;
  if (column.type === 'numeric') return `CAST(${expression} AS DECIMAL(65, 30))`;
  if (column.collation === null) return expression;
  const charset = column.collation.split('_')[0] ?? 'utf8mb4';
  return `CONVERT(${expression} USING ${charset}) COLLATE ${column.collation}`;
}
