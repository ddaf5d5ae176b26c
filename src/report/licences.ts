import type { CheckedLogin, CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import type { Row, Session } from '../database/session.js';
import { OnecardError } from '../errors.js';
import type { Portal } from '../model/configuration.js';
import { linkSql, nameSql } from '../plan/expressions.js';
import {
  conditionSql,
  ELSEWHERE,
  fieldSql,
  flagSql,
  type Own,
  ownOf,
  type Reading,
  rowsSql,
  valueSql,
} from '../plan/values.js';
import type { Redactor } from '../redactor.js';
import { type Moment, parseMoment } from './moment.js';

/** An operator or an API account, and when anybody last logged in with it or with the card of its person. */
export interface LicenceRow {
  readonly operator: string;
  readonly operatorName: string;
  readonly kind: 'human' | 'api-account';
  readonly archived: boolean;
  /** As the link says, even where there is no such person. */
  readonly person: string | null;
  readonly personName: string | null;
  /** Null where there is no person. */
  readonly personArchived: boolean | null;
  /** The kind of licence; null where the row has none, or the configuration does not say. */
  readonly licence: string | null;
  /** ISO 8601, in UTC where it ends with `Z`; null for never. */
  readonly lastSeen: string | null;
  readonly lastSeenIn: 'SSP' | 'operator portal' | null;
  /** On whose card that was found. */
  readonly lastSeenOn: 'operator' | 'person' | null;
  /** Whole days of the calendar; negative for later than the day that is counted to. */
  readonly daysSince: number | null;
  readonly problems: readonly LicenceProblem[];
}

/** What speaks against the rest of the row. */
export interface LicenceProblem {
  readonly about: string;
  /** What was found instead of a date or time. */
  readonly value: string | null;
}

const PORTALS = { ssp: 'SSP', operatorPortal: 'operator portal' } as const satisfies Record<Portal, string>;
const BROKEN_LINK: LicenceProblem = { about: 'linked to a person that does not exist', value: null };
const IS_AHEAD: LicenceProblem = { about: 'last seen after the day that is counted to', value: null };

/** A time without a zone may be ahead of UTC by half a day. */
const DAYS_AHEAD = 1;

/** The day that the database has now, in UTC. */
export async function todayOf(session: Session, { dialect: sql }: Database): Promise<string> {
  const [row] = await session.rows<{ today: string }>(`SELECT ${sql.text(sql.today)} AS today`);
  if (row === undefined) throw new Error('the server told no date');
  return row.today;
}

/**
 * Every operator and API account in the order of the keys, read piece by piece. Groups and templates are left out:
 * nobody logs in with them.
 * @param today the day that days are counted to, since 1970-01-01.
 * @throws OnecardError where the configuration names no last login, or a column that holds no dates.
 */
export async function* licenceReport(
  session: Session,
  { dialect: sql }: Database,
  layout: Layout,
  today: number,
): AsyncIterable<LicenceRow> {
  const logins = loginsOf(layout);
  requireTimes(sql, layout, logins);
  for await (const row of session.stream(licencesSql(sql, layout, logins))) {
    yield licenceRow(row, logins, today);
  }
}

/** Nobody saw it within so many days, or ever. */
export const isNotSeenFor = (days: number, { daysSince }: LicenceRow) =>
  daysSince === null || daysSince >= days;

/** The row with pseudonyms for keys and names, and for what was found instead of a time. */
export function redactedLicence(row: LicenceRow, redactor: Redactor): LicenceRow {
  const redacted = (kind: 'operator' | 'person' | 'name' | 'text', text: string | null) =>
    text === null || text === '' ? text : redactor.pseudonym(kind, text);
  return {
    ...row,
    operator: redactor.pseudonym('operator', row.operator),
    operatorName: redacted('name', row.operatorName) ?? '',
    person: redacted('person', row.person),
    personName: redacted('name', row.personName),
    problems: row.problems.map(({ about, value }) => ({ about, value: redacted('text', value) })),
  };
}

/** A last login, and the card that it is found on. */
interface Login extends CheckedLogin {
  readonly on: 'operator' | 'person';
}

const loginsOf = ({ operator, person }: Layout): Login[] => [
  ...operator.lastLogin.map((login) => ({ ...login, on: 'operator' as const })),
  ...person.lastLogin.map((login) => ({ ...login, on: 'person' as const })),
];

function requireTimes(sql: Dialect, { configuration }: Layout, logins: readonly Login[]): void {
  if (logins.length === 0)
    throw new OnecardError('The configuration does not say where a last login is found.', {
      remedy: 'Name it in onecard.yaml: operators.lastLogin, persons.lastLogin.',
    });
  const wrong = logins.filter(({ value }) => !isText(value) && isoTimeSql(sql, value, '') === undefined);
  if (wrong.length === 0) return;
  const problems = wrong.map(
    ({ option, value: { column } }) =>
      `${configuration.placeOf(option)}${option.join('.')}: the column ${column.name} is ${column.type}, which holds no date`,
  );
  throw new OnecardError(
    problems.length === 1
      ? `${problems.join()}.`
      : `Last logins are to be read from columns that hold no date:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    {
      remedy:
        'Name columns of dates or times, or texts such as 2026-05-31T08:00:00Z; where there are none, a view of the table can have them.',
    },
  );
}

function licencesSql(sql: Dialect, layout: Layout, logins: readonly Login[]): string {
  const { configuration, operators, persons, operator, person } = layout;
  const own = { operator: ownOf(sql, 'o'), person: ownOf(sql, 'p') };
  const key = own.operator(configuration.operators.key);
  const personKey = own.person(configuration.persons.key);
  const link = linkSql(sql, layout, 'o');
  const flag = (condition: string) => sql.text(sql.asNumber(condition));
  const columns = {
    operator: sql.text(key),
    operatorName: nameSql(sql, own.operator, operator.name),
    isApiAccount: flag(flagSql(sql, own.operator, operator.apiAccount)),
    isArchived: flag(flagSql(sql, own.operator, operator.archived)),
    licence:
      operator.licence === undefined ? 'NULL' : sql.text(valueSql(sql, operator.licence, own.operator)),
    person: sql.text(link),
    hasPerson: flag(`${personKey} IS NOT NULL`),
    personName: nameSql(sql, own.person, person.name),
    isPersonArchived: flag(flagSql(sql, own.person, person.archived)),
    ...Object.fromEntries(
      logins.map(({ value, on }, index) => [loginColumn(index), seenSql(sql, value, own[on])]),
    ),
  };
  const selected = Object.entries(columns).map(
    ([name, expression]) => `${expression} AS ${sql.identifier(name)}`,
  );
  const isOperator =
    operator.rows === undefined ? '' : `\n WHERE ${conditionSql(sql, own.operator, operator.rows)}`;
  return `SELECT ${selected.join(',\n       ')}
  FROM ${sql.table(operators.name)} AS o
  LEFT JOIN ${sql.table(persons.name)} AS p ON ${personKey} = ${link}${isOperator}
 ORDER BY ${sql.keyOrder(key, layout.operatorKey)}`;
}

const loginColumn = (index: number) => `seen_${index}`;

const isText = ({ column }: CheckedValue) => column.family === 'text' || column.family === 'binary';

const isoTimeSql = (sql: Dialect, { column }: CheckedValue, expression: string) =>
  sql.isoTime(expression, column);

/** Bytes that are no text are no time either, and not the same as nothing. */
const AS_FOUND: Reading = {
  read: (sql, expression, { family }) =>
    family === 'binary'
      ? `COALESCE(${sql.text(sql.decoded(expression))}, ${sql.text(sql.bytesDigest(expression))})`
      : expression,
  shown: (sql, value) => sql.text(value),
};

/**
 * When a card was last seen, as text: of rows elsewhere the latest time, which an index may give at once; or their
 * texts as a JSON array, since only who has read a text knows when it was.
 */
function seenSql(sql: Dialect, value: CheckedValue, own: Own): string {
  const { column, rows } = value;
  if (isText(value)) return fieldSql(sql, value, own, AS_FOUND);
  const iso = (expression: string) => isoTimeSql(sql, value, expression) ?? 'NULL';
  if (rows === undefined) return sql.text(iso(own(column.name)));
  return `(SELECT MAX(${sql.text(iso(ownOf(sql, ELSEWHERE)(column.name)))}) ${rowsSql(sql, rows, own)})`;
}

function licenceRow(row: Row, logins: readonly Login[], today: number): LicenceRow {
  const hasPerson = row['hasPerson'] === '1';
  const { last, problems } = lastSeen(row, logins);
  const daysSince = last === undefined ? null : today - last.moment.day;
  const isBroken = row['person'] != null && !hasPerson;
  const isAhead = daysSince !== null && daysSince < (last?.moment.hasZone ? 0 : -DAYS_AHEAD);
  return {
    operator: row['operator'] ?? '',
    operatorName: row['operatorName'] ?? '',
    kind: row['isApiAccount'] === '1' ? 'api-account' : 'human',
    archived: row['isArchived'] === '1',
    person: row['person'] ?? null,
    personName: hasPerson ? (row['personName'] ?? null) : null,
    personArchived: hasPerson ? row['isPersonArchived'] === '1' : null,
    licence: row['licence'] || null,
    lastSeen: last?.moment.shown ?? null,
    lastSeenIn: last === undefined ? null : PORTALS[last.login.portal],
    lastSeenOn: last?.login.on ?? null,
    daysSince,
    problems: [...problems, ...(isBroken ? [BROKEN_LINK] : []), ...(isAhead ? [IS_AHEAD] : [])],
  };
}

/** The latest of all; of two at the same time the one that the configuration says first, the operator's own before. */
function lastSeen(row: Row, logins: readonly Login[]) {
  let last: { readonly moment: Moment; readonly login: Login } | undefined;
  const problems: LicenceProblem[] = [];
  for (const [index, login] of logins.entries()) {
    for (const text of textsOf(row[loginColumn(index)] ?? null, login)) {
      const moment = parseMoment(text);
      if (moment === undefined) problems.push(noTime(login, text));
      else if (last === undefined || moment.order > last.moment.order) last = { moment, login };
    }
  }
  return { last, problems };
}

const noTime = ({ option }: Login, value: string): LicenceProblem => ({
  about: `${option.join('.')} is no date or time`,
  value,
});

/** Empty texts, and the zero date of MySQL and MariaDB, stand for never. */
function textsOf(found: string | null, { value }: Login): string[] {
  if (found === null) return [];
  const texts = isText(value) && value.rows !== undefined ? (JSON.parse(found) as string[]) : [found];
  return texts.filter((text) => text.trim() !== '' && !text.startsWith('0000-00-00'));
}
