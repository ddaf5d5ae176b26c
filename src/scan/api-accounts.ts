import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Row, Session } from '../database/session.js';
import type { MatchKey } from '../model/configuration.js';
import { type Account, judgeAccount, TECHNICAL_WORDS } from './account-judgement.js';
import type { Listed } from './listed.js';
import { humanOperatorSql } from './living-cards.js';

/** An operator that passes for a human and is likely an integration's account. */
export interface LikelyApiAccount {
  readonly operator: string;
  readonly name: string;
  /** In plain words, strong signs first. */
  readonly reasons: readonly string[];
}

/** Operators that nobody flagged as API accounts and that look like some, lowest keys first. */
export async function findApiAccounts(
  session: Session,
  layout: Layout,
  sql: Dialect,
  limit: number,
): Promise<Listed<LikelyApiAccount>> {
  const columns = columnsOf(layout);
  const first: LikelyApiAccount[] = [];
  let count = 0;
  for await (const row of session.stream(suspectsSql(layout, sql, columns))) {
    const account = readAccount(row, columns, layout.configuration.match.ignoreValues);
    const reasons = judgeAccount(account);
    if (reasons.length === 0) continue;
    count++;
    if (first.length < limit)
      first.push({ operator: row['operator'] ?? '', name: nameOf(row, columns), reasons });
  }
  return { count, first };
}

/** What the configuration lets us know about an operator, by what its columns are called. */
interface Columns {
  readonly logins: readonly MatchKey[];
  readonly mails: readonly MatchKey[];
  readonly employeeNumbers: readonly MatchKey[];
  readonly names: readonly string[];
  readonly firstNames: readonly string[];
  readonly lastLogin: string | undefined;
  /** All of them, in the order in which they are read. */
  readonly read: readonly string[];
}

const MAIL = /mail/i;
const EMPLOYEE_NUMBER = /employee|personnel|personeel|staff/i;
const FIRST_NAME = /first|given|initial|voornaam|voorletter|roepnaam/i;

function columnsOf({ configuration }: Layout): Columns {
  const { name: names, lastLogin } = configuration.operators;
  const { keys } = configuration.match;
  const says = (pattern: RegExp) => (key: MatchKey) => pattern.test(`${key.name} ${key.operator}`);
  const mails = keys.filter(says(MAIL));
  const employeeNumbers = keys.filter((key) => says(EMPLOYEE_NUMBER)(key) && !mails.includes(key));
  const read = [
    ...keys.map(({ operator }) => operator),
    ...names,
    ...(lastLogin === undefined ? [] : [lastLogin]),
  ];
  return {
    // Every other key tells accounts apart by a name that somebody gave them.
    logins: keys.filter((key) => !mails.includes(key) && !employeeNumbers.includes(key)),
    mails,
    employeeNumbers,
    names,
    firstNames: names.filter((column) => FIRST_NAME.test(column)),
    lastLogin,
    read: [...new Set(read)],
  };
}

/** Human operators with the letters of a technical word anywhere; whether it is a word, the reader judges. */
function suspectsSql(layout: Layout, sql: Dialect, { logins, mails, names, read }: Columns): string {
  const texts = read.map((column, index) => `${sql.text(`o.${sql.identifier(column)}`)} AS text_${index}`);
  const local = [...logins, ...mails].map(({ operator }) => {
    const value = sql.text(`o.${sql.identifier(operator)}`);
    // A domain such as system.example.com would make everybody a suspect.
    return `SUBSTRING(${value} FROM 1 FOR POSITION('@' IN CONCAT(${value}, '@')) - 1)`;
  });
  const searched = [...local, ...names.map((column) => sql.text(`o.${sql.identifier(column)}`))];
  const likes = searchedLetters().map((word) => `s.searched LIKE ${sql.literal(`%${word}%`)}`);
  // Without a limit, both servers would put the long expression into each of the comparisons.
  return `SELECT s.* FROM (
  SELECT ${sql.text(`o.${sql.identifier(layout.configuration.operators.key)}`)} AS operator, o.${sql.identifier(layout.configuration.operators.key)} AS place,
         ${texts.join(',\n         ')},
         LOWER(CONCAT_WS(' ', ${searched.join(', ')})) AS searched
    FROM ${sql.table(layout.operators.name)} AS o
   WHERE ${humanOperatorSql(sql, layout)}
   LIMIT 9223372036854775807) AS s
 WHERE ${likes.join('\n    OR ')}
 ORDER BY ${sql.keyOrder('s.place', layout.operatorKey)}`;
}

/** What holds "robot" holds "bot"; "no-reply" is written in many ways. */
function searchedLetters(): string[] {
  const words = TECHNICAL_WORDS.map((word) => (word === 'noreply' ? 'reply' : word));
  return words.filter((word) => !words.some((other) => other !== word && word.includes(other)));
}

function readAccount(row: Row, columns: Columns, ignoreValues: readonly string[]): Account {
  const textOf = (column: string) => row[`text_${columns.read.indexOf(column)}`] ?? '';
  const labelled = (keys: readonly MatchKey[]) =>
    keys.map(({ name, operator }) => ({ label: name, value: textOf(operator) }));
  const joined = (names: readonly string[]) => names.map(textOf).join(' ');
  const isFilled = (column: string) => !['', ...ignoreValues].includes(textOf(column).trim().toLowerCase());
  const { employeeNumbers, names, firstNames, lastLogin } = columns;
  return {
    logins: labelled(columns.logins),
    mails: labelled(columns.mails),
    firstName: firstNames.length === 0 ? undefined : joined(firstNames),
    familyName: joined(names.filter((column) => !firstNames.includes(column))),
    hasEmployeeNumber:
      employeeNumbers.length === 0 ? undefined : employeeNumbers.some(({ operator }) => isFilled(operator)),
    hasLoggedIn: lastLogin === undefined ? undefined : textOf(lastLogin) !== '',
  };
}

function nameOf(row: Row, { names, read }: Columns): string {
  return names
    .map((column) => row[`text_${read.indexOf(column)}`] ?? '')
    .filter((part) => part !== '')
    .join(' ');
}
