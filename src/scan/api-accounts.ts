import type { CheckedKey, CheckedValue } from '../config/checked.js';
import type { Layout } from '../config/layout.js';
import type { Dialect } from '../database/dialect.js';
import type { Row, Session } from '../database/session.js';
import { ownOf, valueSql } from '../plan/values.js';
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
  readonly logins: readonly CheckedKey[];
  readonly mails: readonly CheckedKey[];
  readonly employeeNumbers: readonly CheckedKey[];
  readonly names: readonly CheckedValue[];
  readonly firstNames: readonly CheckedValue[];
  readonly lastLogins: readonly CheckedValue[];
  /** All of them, in the order in which they are read. */
  readonly read: readonly CheckedValue[];
}

const MAIL = /mail/i;
const EMPLOYEE_NUMBER = /employee|personnel|personeel|staff/i;
const FIRST_NAME = /first|given|initial|voornaam|voorletter|roepnaam/i;

function columnsOf({ keys, operator: { name: names, lastLogin } }: Layout): Columns {
  const lastLogins = lastLogin.map(({ value }) => value);
  const says = (pattern: RegExp) => (key: CheckedKey) =>
    pattern.test(`${key.name} ${key.operator.column.name}`);
  const mails = keys.filter(says(MAIL));
  const employeeNumbers = keys.filter((key) => says(EMPLOYEE_NUMBER)(key) && !mails.includes(key));
  const read = [...keys.map(({ operator }) => operator), ...names, ...lastLogins];
  return {
    // Every other key tells accounts apart by a name that somebody gave them.
    logins: keys.filter((key) => !mails.includes(key) && !employeeNumbers.includes(key)),
    mails,
    employeeNumbers,
    names,
    firstNames: names.filter(({ column }) => FIRST_NAME.test(column.name)),
    lastLogins,
    read: [...new Set(read)],
  };
}

/** Human operators with the letters of a technical word anywhere; whether it is a word, the reader judges. */
function suspectsSql(layout: Layout, sql: Dialect, { logins, mails, names, read }: Columns): string {
  const own = ownOf(sql, 'o');
  const textOf = (value: CheckedValue) => sql.text(valueSql(sql, value, own));
  const texts = read.map((value, index) => `${textOf(value)} AS text_${index}`);
  const local = [...logins, ...mails].map(({ operator }) => {
    const value = textOf(operator);
    // A domain such as system.example.com would make everybody a suspect.
    return `SUBSTRING(${value} FROM 1 FOR POSITION('@' IN CONCAT(${value}, '@')) - 1)`;
  });
  const searched = [...local, ...names.map(textOf)];
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
  const textOf = (value: CheckedValue) => row[`text_${columns.read.indexOf(value)}`] ?? '';
  const labelled = (keys: readonly CheckedKey[]) =>
    keys.map(({ name, operator }) => ({ label: name, value: textOf(operator) }));
  const joined = (names: readonly CheckedValue[]) => names.map(textOf).join(' ');
  const isFilled = (value: CheckedValue) =>
    !['', ...ignoreValues].includes(textOf(value).trim().toLowerCase());
  const { employeeNumbers, names, firstNames, lastLogins } = columns;
  return {
    logins: labelled(columns.logins),
    mails: labelled(columns.mails),
    firstName: firstNames.length === 0 ? undefined : joined(firstNames),
    familyName: joined(names.filter((value) => !firstNames.includes(value))),
    hasEmployeeNumber:
      employeeNumbers.length === 0 ? undefined : employeeNumbers.some(({ operator }) => isFilled(operator)),
    hasLoggedIn: lastLogins.length === 0 ? undefined : lastLogins.some((value) => textOf(value) !== ''),
  };
}

function nameOf(row: Row, { names, read }: Columns): string {
  return names
    .map((value) => row[`text_${read.indexOf(value)}`] ?? '')
    .filter((part) => part !== '')
    .join(' ');
}
