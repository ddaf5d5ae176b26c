import { type Dialect, JOURNAL_TABLE_NAMES, JOURNAL_TABLES } from '../dialect.js';
import { hasCode, isDenied, isReadOnlyRefusal } from '../failure-kinds.js';
import {
  type Ask,
  actionText,
  byObject,
  JOURNAL_WRITING,
  type Need,
  type Privilege,
  type Privileges,
  type Securable,
  tableOf,
  whole,
} from '../privileges.js';
import type { Session } from '../session.js';
import { JOURNAL_PREFIX } from './dialect.js';

const WRITING = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/**
 * The server has no function that tells what a user may, and its lists leave out what comes by roles. So each
 * privilege is tried, with a statement that the server refuses or that is about no row.
 */
export class MysqlPrivileges implements Privileges {
  readonly #ask: Ask;
  readonly #sql: Dialect;
  readonly #database: string;

  constructor(ask: Ask, sql: Dialect, database: string) {
    this.#ask = ask;
    this.#sql = sql;
    this.#database = database;
  }

  user(): Promise<string> {
    return this.#ask(async (session) => {
      const [row] = await session.rows<{ name: string }>('SELECT CURRENT_USER() AS name');
      return row?.name ?? '';
    });
  }

  toMeet(needs: readonly Need[]): Promise<Privilege[]> {
    return this.#ask(async (session) => {
      const there = await this.#journalTables(session);
      return byObject(withoutCovered(needs.flatMap((need) => this.#privilegesFor(need, there)))).flat();
    });
  }

  /** A grant on a table that is not there has to have CREATE in it, so that one goes with the others. */
  async lacking(privileges: readonly Privilege[]): Promise<Privilege[]> {
    const answers: [Privilege, Answer][] = [];
    for (const privilege of privileges) answers.push([privilege, await this.#try(privilege)]);
    const places = new Set(
      answers.filter(([, answer]) => answer === 'lacking').map(([{ on }]) => JSON.stringify(on)),
    );
    return answers
      .filter(
        ([{ on }, answer]) =>
          answer === 'lacking' || (answer === 'not to be told' && places.has(JSON.stringify(on))),
      )
      .map(([privilege, answer]) => (answer === 'lacking' ? privilege : { ...privilege, isUnsure: true }));
  }

  grants(privileges: readonly Privilege[], role: string): string[] {
    const grantee = accountSql(this.#sql, role);
    return byObject(privileges).flatMap((group) => {
      const actions = group.map(({ action, columns }) => actionText(action, columns, this.#sql.identifier));
      return group[0]
        ? [`GRANT ${actions.join(', ')} ON ${this.#objectSql(group[0].on)} TO ${grantee};`]
        : [];
    });
  }

  excessive(): Promise<string[]> {
    return this.#ask(async (session) => {
      const { identifier } = this.#sql;
      const wide = (await readGrants(session)).filter(({ table }) => table === '*');
      return wide
        .filter(({ privileges }) => privileges.some((privilege) => privilege !== 'USAGE'))
        .map(({ privileges, database }) => {
          const where =
            database === '*'
              ? 'on every database of the server'
              : `on all of ${database.replaceAll('`', '')}`;
          const all = privileges.filter((privilege) => !WANTED.includes(privilege) || database === '*');
          return all.length === 0
            ? undefined
            : `This user has ${all.length > 4 ? `${all.slice(0, 4).join(', ')} and ${all.length - 4} more` : all.join(', ')} ${where}; privileges on single tables of ${identifier(this.#database)} suffice.`;
        })
        .filter((sentence) => sentence !== undefined);
    });
  }

  /** A grant names a database by a pattern. */
  #objectSql(on: Securable): string {
    if (on.kind !== 'database') return this.#sql.table(on);
    return `${this.#sql.identifier(on.name.replaceAll(/[\\%_]/g, '\\$&'))}.*`;
  }

  #privilegesFor(need: Need, there: ReadonlySet<string>): Privilege[] {
    const journal = (names: readonly string[], actions: readonly string[]) =>
      names.flatMap((name) => actions.map((action) => whole(this.#journalTable(name), action)));
    switch (need.to) {
      case 'read':
        return [whole(tableOf(need.table), 'SELECT')];
      case 'delete':
        return [whole(tableOf(need.table), 'DELETE')];
      case 'alter':
        return [whole(tableOf(need.table), 'ALTER')];
      case 'insert':
      case 'update':
        return [{ on: tableOf(need.table), action: need.to.toUpperCase(), columns: need.columns }];
      case 'lock':
        return [];
      case 'see-all-references':
        return [
          {
            ...whole(
              { kind: 'database', schema: undefined, name: need.of.schema ?? this.#database },
              'SELECT',
            ),
            why: `the server hides foreign keys of tables on which a user holds nothing, and rows that refer to ${need.of.name} by them would be emptied or deleted unseen`,
          },
        ];
      case 'make-keys':
        return ['SELECT', 'INSERT'].map((action) => whole(tableOf(need.sequence), action));
      // Its tables come together; one that does not show is hidden.
      case 'read-journal':
        return there.size === 0 ? [] : journal(JOURNAL_TABLES, ['SELECT']);
      case 'mark-journal':
      case 'purge-journal':
        return there.size === 0
          ? []
          : [
              ...journal(JOURNAL_TABLES, ['SELECT']),
              ...Object.entries(JOURNAL_WRITING[need.to]).flatMap(([table, actions]) =>
                journal([table], actions),
              ),
            ];
      case 'keep-journal':
        return JOURNAL_TABLE_NAMES.flatMap((name) =>
          journal([name], [...(there.has(name) ? [] : ['CREATE']), ...WRITING]),
        );
      case 'remove-journal':
        return there.size === 0 ? [] : journal(JOURNAL_TABLE_NAMES, ['SELECT', 'DROP']);
    }
  }

  #journalTable(name: string): Securable {
    return { kind: 'table', schema: this.#database, name: `${JOURNAL_PREFIX}${name}` };
  }

  /** As far as this user may see them. */
  async #journalTables(session: Session): Promise<Set<string>> {
    const names = JOURNAL_TABLE_NAMES.map((name) => this.#sql.literal(`${JOURNAL_PREFIX}${name}`)).join(', ');
    const rows = await session.rows<{ name: string }>(
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${names})`,
    );
    return new Set(rows.map(({ name }) => name.slice(JOURNAL_PREFIX.length)));
  }

  async #try(privilege: Privilege): Promise<Answer> {
    try {
      await this.#ask((session) => session.run(this.#probe(privilege)));
      return 'held';
    } catch (error) {
      if (isDenied(error)) return 'lacking';
      if (hasCode(error, PROBE_REFUSALS)) return 'held';
      // Of a definition, the server asks first whether the session may write; of rows, whether the user may.
      if (isReadOnlyRefusal(error)) return DEFINING.includes(privilege.action) ? 'not to be told' : 'held';
      throw error;
    }
  }

  #probe({ on, action, columns }: Privilege): string {
    const table = this.#sql.table(on.kind === 'database' ? { schema: on.name, name: NO_TABLE } : on);
    const names = columns.length === 0 ? [NO_COLUMN] : columns.map(this.#sql.identifier);
    switch (action) {
      case 'SELECT':
        return `SELECT * FROM ${table} WHERE 1 = 0`;
      case 'INSERT':
        return `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map(() => 'NULL').join(', ')} FROM DUAL WHERE 1 = 0`;
      case 'UPDATE':
        return `UPDATE ${table} SET ${names.map((name) => `${name} = NULL`).join(', ')} WHERE 1 = 0`;
      case 'DELETE':
        return `DELETE FROM ${table} WHERE 1 = 0`;
      case 'CREATE':
        return `CREATE TABLE ${table} (${NO_COLUMN} INT, ${NO_COLUMN} INT)`;
      case 'ALTER':
        return `ALTER TABLE ${table} ADD COLUMN ${NO_COLUMN} INT, ADD COLUMN ${NO_COLUMN} INT`;
      case 'DROP':
        // Refused for a table, whoever asks, but for want of the privilege first.
        return `DROP VIEW ${table}`;
      default:
        throw new Error(`no way is known to try the privilege ${action}`);
    }
  }
}

type Answer = 'held' | 'lacking' | 'not to be told';
const DEFINING = ['CREATE', 'ALTER', 'DROP'];

/** Named twice, or looked for in vain: either way the server refuses the statement once privileges are settled. */
const NO_COLUMN = 'onecard_tries_privileges';
/** To read what is not there, a user has to be allowed to read all of the database. */
const NO_TABLE = 'onecard_tries_privileges';
const PROBE_REFUSALS = [
  'ER_DUP_FIELDNAME',
  'ER_BAD_FIELD_ERROR',
  'ER_NO_SUCH_TABLE',
  'ER_TABLE_EXISTS_ERROR',
  'ER_WRONG_OBJECT',
  'ER_UNKNOWN_VIEW',
  'ER_IT_IS_A_VIEW',
  // What MariaDB numbers 4092: a table is no view. The driver knows that number by MySQL's name.
  'ER_INNODB_MAX_ROW_VERSION',
];

/** What is granted on a whole database need not be granted on its tables. */
function withoutCovered(privileges: readonly Privilege[]): Privilege[] {
  const databases = privileges.filter(({ on }) => on.kind === 'database');
  return privileges.filter(
    ({ on, action }) => !databases.some((wide) => wide.on.name === on.schema && wide.action === action),
  );
}

/** What a user may have on a whole database without a word: the least that can be said there. */
const WANTED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'USAGE'];

interface Grant {
  readonly privileges: readonly string[];
  /** A pattern, quoted, or `*`. */
  readonly database: string;
  readonly table: string;
}

/** What the user was granted, by roles that are on, too. */
export async function readGrants(session: Session): Promise<Grant[]> {
  const rows = await session.rows<Record<string, string>>('SHOW GRANTS');
  const name = '(\\*|`(?:[^`]|``)+`)';
  const form = new RegExp(`^GRANT (.+?) ON ${name}\\.${name} TO `);
  return rows
    .map((row) => form.exec(Object.values(row)[0] ?? ''))
    .filter((found) => found !== null)
    .map(([, privileges = '', database = '', table = '']) => ({
      privileges: privileges.split(/, (?![^(]*\))/),
      database,
      table,
    }));
}

/** `name`, which may be a role, or `name@host`; without a host, the server takes a user from anywhere. */
function accountSql(sql: Dialect, account: string): string {
  const at = account.lastIndexOf('@');
  if (at < 0) return sql.literal(account);
  return `${sql.literal(account.slice(0, at))}@${sql.literal(account.slice(at + 1))}`;
}
