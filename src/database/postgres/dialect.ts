import pg from 'pg';
import { OnecardError } from '../../errors.js';
import type { Scalar, TableName } from '../../model/configuration.js';
import { lastCharacter } from '../characters.js';
import { type ConversionVerbs, convertedBy } from '../conversion.js';
import { type Dialect, likePattern, UTF8_IN_HEX } from '../dialect.js';
import { hmacPads } from '../hmac.js';
import { DOTTED_CAPITAL_I, letterPairs, WHITE_SPACE } from '../letters.js';
import { newKeyOf } from '../new-key.js';
import { numberMisfits } from '../numbers.js';
import type { Column } from '../schema.js';
import { contentDigestPostgres, EXACT_READING } from './content-digest.js';

/** That of the database. */
const DEFAULT_COLLATION = 'pg_catalog."default"';

/** The schema that holds the journal. */
export const JOURNAL_SCHEMA = 'onecard';

const identifier = (name: string) => pg.escapeIdentifier(name);

const tableName = ({ schema, name }: TableName) =>
  schema === undefined ? identifier(name) : `${identifier(schema)}.${identifier(name)}`;

function literal(value: Scalar | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number') return String(value);
  if (value.includes('\0'))
    throw new OnecardError('A text with a NUL character cannot be stored in PostgreSQL.');
  return `'${value.replaceAll("'", "''")}'`;
}

const letters = letterPairs();
const escaped = (codePoints: Iterable<number>) =>
  [...codePoints].map((codePoint) => `\\u${codePoint.toString(16).padStart(4, '0')}`).join('');
const whiteSpace = `E'${escaped(WHITE_SPACE)}'`;

const CONVERSION: ConversionVerbs = {
  text: (expression) => `CAST(${expression} AS text)`,
  hasForm: (expression, pattern) => `CAST(${expression} AS text) COLLATE "C" ~ ${literal(pattern)}`,
  asUuid: (expression) => `CAST(${expression} AS uuid)`,
  asEnum: (expression, { baseType }) => `CAST(${expression} AS ${baseType})`,
  literal,
};

const LAST_CHARACTER = literal(lastCharacter((codePoint) => `\\U${codePoint.toString(16).padStart(8, '0')}`));

/** How the server at hand lower-cases, found when connecting. */
export interface LowerCasing {
  /** A quoted collation that lower-cases code point by code point. */
  readonly collation: string;
  /** Letters that it lower-cases in another way, and at the same places what they become. */
  readonly upper: string;
  readonly lower: string;
}

/** A function takes at most so many arguments. */
const MAX_ARGUMENTS = 100;

/** Longer arrays are put together from several: the closing bracket of one and the opening one of the next make way. */
function jsonArray(expressions: readonly string[]): string {
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < expressions.length; at += MAX_ARGUMENTS) {
    const built = `CAST(json_build_array(${expressions.slice(at, at + MAX_ARGUMENTS).join(', ')}) AS text)`;
    const opened = at === 0 ? built : `substr(${built}, 2)`;
    parts.push(at + MAX_ARGUMENTS < expressions.length ? `left(${opened}, -1)` : opened);
  }
  return parts.length === 1 ? parts.join() : `(${parts.join(` || ', ' || `)})`;
}

/** To replace letter after letter takes 200 µs a value: where the server knows them, it lower-cases by itself. */
function lowerCased(text: string, casing: LowerCasing | undefined): string {
  if (casing === undefined) return `translate(${text}, l.upper_case, l.lower_case) COLLATE "C"`;
  const { collation, upper, lower } = casing;
  if (upper === '') return `lower(${text} COLLATE ${collation}) COLLATE "C"`;
  return `lower(CASE WHEN ${text} COLLATE "C" ~ '[${upper}]' THEN translate(${text}, '${upper}', '${lower}') ELSE ${text} END COLLATE ${collation}) COLLATE "C"`;
}

/** Of each type that holds dates: its least and greatest value, and its form in ISO 8601. */
const ISO_TIMES: readonly (readonly [type: RegExp, from: string, to: string, form: (x: string) => string])[] =
  [
    [/^date$/, `DATE '0001-01-01'`, `DATE '9999-12-31'`, (x) => `to_char(${x}, 'YYYY-MM-DD')`],
    [
      /^timestamp.*without/,
      `TIMESTAMP '0001-01-01'`,
      `TIMESTAMP '9999-12-31 23:59:59.999999'`,
      (x) => `to_char(${x}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`,
    ],
    [
      /^timestamp.*with/,
      `TIMESTAMPTZ '0001-01-01 00:00:00Z'`,
      `TIMESTAMPTZ '9999-12-31 23:59:59.999999Z'`,
      (x) => `to_char(${x} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    ],
  ];

/** Of infinity, and of years before Christ, `to_char` would say nothing or something else. */
function isoTime(expression: string, { baseType }: Column): string | undefined {
  const [, from, to, form] = ISO_TIMES.find(([type]) => type.test(baseType)) ?? [];
  if (form === undefined) return undefined;
  return `CASE WHEN ${expression} BETWEEN ${from} AND ${to} THEN ${form(expression)} ELSE CAST(${expression} AS text) END`;
}

/** @param casing undefined where the server has no such collation: each letter is then replaced, which is slow. */
export const postgresDialectFor = (casing?: LowerCasing): Dialect => ({
  identifier,
  literal,
  table: tableName,
  journal: (table) => `${identifier(JOURNAL_SCHEMA)}.${identifier(table)}`,

  text: (expression) => `CAST(${expression} AS text) COLLATE "C"`,
  exactText: (expression) => `CAST(${expression} AS text) COLLATE "C"`,
  asKey,
  // To cast what is no key would end the statement.
  isKey: (expression, text) => `CAST(${expression} AS text) COLLATE "C" = CAST(${text} AS text) COLLATE "C"`,
  decoded: (expression) =>
    `CASE WHEN encode(${expression}, 'hex') ~ '${UTF8_IN_HEX}' THEN convert_from(${expression}, 'UTF8') END`,
  bytesDigest: (expression) => `'sha256:' || encode(sha256(${expression}), 'hex')`,
  matches: (expression, pattern) =>
    `CAST(${expression} AS text) COLLATE "C" LIKE ${literal(likePattern(pattern))} ESCAPE '!'`,
  joined: (left, right) =>
    left.column.type === right.column.type && left.column.family !== 'other'
      ? `${left.expression} = ${right.expression}`
      : `CAST(${left.expression} AS text) = CAST(${right.expression} AS text)`,
  keyOrder: (expression, column) => (column.family === 'text' ? `${expression} COLLATE "C"` : expression),

  letters: casing ? undefined : `SELECT '${letters.upper}' AS upper_case, '${letters.lower}' AS lower_case`,
  // Servers lower-case by their locale; these branches do it alike everywhere. Most keys are ASCII and have no
  // white space to trim, which bytes tell in a third of the time that it takes to trim characters.
  normalized: (expression) => {
    const text = `CAST(${expression} AS text)`;
    const bytes = `octet_length(${text})`;
    return `CASE WHEN ${bytes} <> char_length(${text}) THEN ${lowerCased(`btrim(${text}, ${whiteSpace})`, casing)}
        WHEN ${bytes} = octet_length(btrim(convert_to(${text}, 'UTF8'), '\\x20090a0b0c0d')) THEN lower(${text} COLLATE "C")
        ELSE lower(btrim(${text}, E' \\t\\n\\u000b\\f\\r') COLLATE "C") END`;
  },
  fingerprint: (expression) => expression,
  digest: (expression) => `hashtextextended(${expression}, 0)`,
  unsure: (expression) => `strpos(CAST(${expression} AS text) COLLATE "C", '${DOTTED_CAPITAL_I}') > 0`,
  characters: (expression) => `char_length(CAST(${expression} AS text))`,
  truncated: (expression, length) =>
    `CASE WHEN char_length(${expression}) > ${length}
            THEN LEFT(regexp_replace(LEFT(${expression}, ${length + 1}), ${LAST_CHARACTER}, ''), ${length}) ELSE ${expression} END`,
  converted: (expression, from, target) => convertedBy(CONVERSION, expression, from, target),
  asColumn: (expression, column) => `CAST(${expression} AS ${column.baseType})`,
  evaluated: (expression, values) => {
    const columns = [...values].map(([name, value]) => `${value} AS ${identifier(name)}`);
    return `(SELECT ${expression} FROM (SELECT ${columns.join(', ')}) AS card)`;
  },
  unstorable: numberMisfits,
  asNumber: (condition) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`,

  constants: (columns, rows) =>
    `SELECT ${columns.map((column, index) => `c.cells ->> ${index} AS ${column}`).join(', ')} FROM json_array_elements(${literal(JSON.stringify(rows))}) AS c(cells)`,
  today: `to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
  isoTime,
  asInteger: (expression) => `CAST(${expression} AS bigint)`,

  jsonArray,
  joinJson: (expression, orderBy) =>
    `'[' || string_agg(${expression}, ','${orderBy ? ` ORDER BY ${orderBy}` : ''}) || ']'`,
  jsonText: (expression) => `CAST(to_json(${expression}) AS text)`,

  materialized: 'MATERIALIZED ',
  inlined: 'NOT MATERIALIZED ',
  evaluatedOnce: '\nOFFSET 0',

  jsonElement: (expression, index) => `CAST(${expression} AS json) ->> ${index}`,

  hmac: (text, key) => {
    const { inner, outer } = hmacPads(key);
    return `encode(sha256('\\x${outer}'::bytea || sha256('\\x${inner}'::bytea || convert_to(${text}, 'UTF8'))), 'hex')`;
  },
  newKey: (column, table) =>
    newKeyOf(column, {
      text: (expression) => `CAST(${expression} AS text)`,
      uuid: 'CAST(gen_random_uuid() AS text)',
      hexDigits: (digits) => `left(replace(CAST(gen_random_uuid() AS text), '-', ''), ${digits})`,
      countUp: ({ name }) =>
        `ALTER TABLE ${tableName(table)} ALTER COLUMN ${identifier(name)} ADD GENERATED BY DEFAULT AS IDENTITY`,
    }),
  overriding: ({ keySource }) =>
    typeof keySource === 'object' && keySource.isAlways ? 'OVERRIDING SYSTEM VALUE\n' : '',
  returning: (expression) => `RETURNING ${expression}`,
  lastInserted: 'lastval()',
  fireDeferred: 'SET CONSTRAINTS ALL IMMEDIATE',
  columnType: ({ type, collation }) =>
    collation === null || collation === DEFAULT_COLLATION ? type : `${type} COLLATE ${collation}`,
  analyze: (table) => `ANALYZE ${identifier(JOURNAL_SCHEMA)}.${identifier(table)}`,
  lockRows: (alias, toDelete) => `FOR ${toDelete ? '' : 'NO KEY '}UPDATE OF ${alias}`,
  updateFrom: ({ target, source, on, set, where }) =>
    `UPDATE ${target} AS o\n   SET ${set}\n  FROM ${source} AS c\n WHERE ${on}\n   AND ${where}`,
  deleteFrom: ({ target, source, on, where }) =>
    `DELETE FROM ${target} AS o\n USING ${source} AS c\n WHERE ${on}\n   AND ${where}`,
  qualifiedInSet: () => '',
  same: (left, right) => `${left} IS NOT DISTINCT FROM ${right}`,

  contentDigest: (from, readings) => contentDigestPostgres(from, readings, jsonArray),
  exactReading: EXACT_READING,
});

/** The index of a text goes by the collation of its column, and that of a padded one by its own type. */
function asKey(expression: string, { family, type, collation }: Column): string {
  if (family !== 'text') return `CAST(${expression} AS ${type})`;
  const value = /^character\(/.test(type)
    ? `CAST(${expression} AS bpchar)`
    : /^(character varying|text)/.test(type)
      ? expression
      : `CAST(${expression} AS ${type})`;
  return collation === null ? value : `(${value}) COLLATE ${collation}`;
}

export const postgresDialect = postgresDialectFor();
