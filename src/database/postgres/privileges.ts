import { JOURNAL_TABLE_NAMES } from '../dialect.js';
import {
  type Ask,
  actionText,
  byObject,
  JOURNAL_WRITING,
  type JournalNeed,
  type Need,
  type Privilege,
  type Privileges,
  type Securable,
  tableOf,
  whole,
} from '../privileges.js';
import type { Session } from '../session.js';
import { JOURNAL_SCHEMA, postgresDialect as sql } from './dialect.js';

/** What the journal holds at the moment: the owner of each table, and its sequences. */
interface JournalObject {
  readonly name: string;
  readonly kind: 'table' | 'sequence';
  readonly owner: string;
}

/** Asks the catalogs, which every role may see; roles that the user is a member of count. */
export class PostgresPrivileges implements Privileges {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  user(): Promise<string> {
    return this.#ask(async (session) => {
      const [row] = await session.rows<{ name: string }>('SELECT CAST(current_user AS text) AS name');
      return row?.name ?? '';
    });
  }

  toMeet(needs: readonly Need[]): Promise<Privilege[]> {
    return this.#ask(async (session) => {
      const [place] = await session.rows<{ name: string; has_home: boolean }>(
        `SELECT current_database() AS name,
                EXISTS (SELECT FROM pg_namespace WHERE nspname = ${sql.literal(JOURNAL_SCHEMA)}) AS has_home`,
      );
      const database: Securable = { kind: 'database', schema: undefined, name: place?.name ?? '' };
      const journal = place?.has_home ? await readJournal(session) : undefined;
      const privileges = [whole(database, 'CONNECT')];
      for (const need of needs) {
        const named = 'table' in need ? need.table : 'sequence' in need ? need.sequence : undefined;
        if (named !== undefined) privileges.push(whole(schemaOf(named.schema), 'USAGE'));
        privileges.push(...(await privilegesFor(session, need, database, journal)));
      }
      return withoutCovered(byObject(privileges).flat());
    });
  }

  lacking(privileges: readonly Privilege[]): Promise<Privilege[]> {
    return this.#ask(async (session) => {
      const held = privileges.map((privilege) => `COALESCE(${heldSql(privilege)}, FALSE)`);
      const [row] = await session.rows<{ held: string }>(
        `SELECT CAST(array_to_json(CAST(ARRAY[${held.join(',\n       ')}] AS boolean[])) AS text) AS held`,
      );
      const answers = JSON.parse(row?.held ?? '[]') as boolean[];
      return privileges.filter((_, index) => !answers[index]);
    });
  }

  grants(privileges: readonly Privilege[], role: string): string[] {
    const grantee = sql.identifier(role);
    return byObject(privileges).flatMap((group) => {
      const actions = group
        .filter(({ action }) => action !== 'OWNERSHIP')
        .map(({ action, columns }) => actionText(action, columns, sql.identifier));
      const owners = group.flatMap(({ owner }) => (owner === undefined || owner === role ? [] : [owner]));
      const [first] = group;
      return [
        ...(actions.length > 0 && first
          ? [`GRANT ${actions.join(', ')} ON ${objectSql(first.on)} TO ${grantee};`]
          : []),
        ...owners.map((owner) => `GRANT ${sql.identifier(owner)} TO ${grantee};`),
      ];
    });
  }

  excessive(): Promise<string[]> {
    return this.#ask(async (session) => {
      const [role] = await session.rows<Record<'name' | 'excess', string>>(
        `SELECT CAST(rolname AS text) AS name,
                CAST(array_to_json(array_remove(ARRAY[
                  CASE WHEN rolsuper THEN 'SUPERUSER' END,
                  CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                  CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                  CASE WHEN rolreplication THEN 'REPLICATION' END], NULL)) AS text) AS excess
           FROM pg_roles WHERE rolname = current_user`,
      );
      const excess = JSON.parse(role?.excess ?? '[]') as string[];
      if (excess.length === 0) return [];
      return [`The user ${role?.name} has ${excess.join(', ')}, which nothing here needs.`];
    });
  }
}

const schemaOf = (name: string | undefined): Securable => ({
  kind: 'schema',
  schema: undefined,
  name: name ?? '',
});

async function privilegesFor(
  session: Session,
  need: Need,
  database: Securable,
  journal: readonly JournalObject[] | undefined,
): Promise<Privilege[]> {
  switch (need.to) {
    case 'read':
      return [whole(tableOf(need.table), 'SELECT')];
    case 'delete':
      return [whole(tableOf(need.table), 'DELETE')];
    case 'insert':
    case 'update':
      return [{ on: tableOf(need.table), action: need.to.toUpperCase(), columns: need.columns }];
    case 'lock':
      return [{ on: tableOf(need.table), action: 'UPDATE', columns: [need.column], onAnyColumn: true }];
    case 'alter':
      return [
        ...(await ownership(session, tableOf(need.table))),
        ...(need.withIndex ? [whole(schemaOf(need.table.schema), 'CREATE')] : []),
      ];
    case 'make-keys':
      return [whole({ kind: 'sequence', ...need.sequence }, 'USAGE')];
    case 'see-all-references':
      return [];
    default:
      return journalPrivileges(need.to, database, journal);
  }
}

function journalPrivileges(
  to: JournalNeed,
  database: Securable,
  journal: readonly JournalObject[] | undefined,
): Privilege[] {
  if (journal === undefined) return to === 'keep-journal' ? [whole(database, 'CREATE')] : [];
  const home = schemaOf(JOURNAL_SCHEMA);
  const tables = journal.filter(({ kind }) => kind === 'table');
  const on = ({ kind, name }: JournalObject): Securable => ({ kind, schema: JOURNAL_SCHEMA, name });
  switch (to) {
    case 'read-journal': {
      const read = tables.filter(({ name }) => !name.startsWith('migration'));
      return read.length === 0
        ? []
        : [whole(home, 'USAGE'), ...read.map((table) => whole(on(table), 'SELECT'))];
    }
    case 'mark-journal':
    case 'purge-journal':
      return [
        ...journalPrivileges('read-journal', database, journal),
        ...tables.flatMap((object) =>
          Object.entries(JOURNAL_WRITING[to])
            .filter(([table]) => table === object.name)
            .flatMap(([, actions]) => actions.map((action) => whole(on(object), action))),
        ),
      ];
    case 'keep-journal':
      return [
        whole(home, 'USAGE'),
        ...(tables.length < JOURNAL_TABLE_NAMES.length ? [whole(home, 'CREATE')] : []),
        ...journal.flatMap((object) =>
          (object.kind === 'table' ? ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] : ['USAGE']).map((action) =>
            whole(on(object), action),
          ),
        ),
      ];
    case 'remove-journal':
      return [
        whole(home, 'USAGE'),
        ...tables.map((table) => ({ ...whole(on(table), 'OWNERSHIP'), owner: table.owner })),
      ];
  }
}

function readJournal(session: Session): Promise<JournalObject[]> {
  return session.rows<{ name: string; kind: 'table' | 'sequence'; owner: string }>(
    `SELECT c.relname AS name, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
            CAST(pg_get_userbyid(c.relowner) AS text) AS owner
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${sql.literal(JOURNAL_SCHEMA)} AND c.relkind IN ('r', 'S')
      ORDER BY kind DESC, c.relname`,
  );
}

async function ownership(session: Session, on: Securable): Promise<Privilege[]> {
  const [row] = await session.rows<{ owner: string }>(
    `SELECT CAST(pg_get_userbyid(relowner) AS text) AS owner FROM pg_class WHERE oid = ${oidSql(on)}`,
  );
  return row === undefined ? [] : [{ ...whole(on, 'OWNERSHIP'), owner: row.owner }];
}

/** Whoever may update a column may lock the rows: a second privilege would say more than is needed. */
function withoutCovered(privileges: readonly Privilege[]): Privilege[] {
  return privileges.filter(
    (privilege) =>
      !privilege.onAnyColumn ||
      !privileges.some(
        (other) =>
          other !== privilege &&
          other.action === privilege.action &&
          JSON.stringify(other.on) === JSON.stringify(privilege.on),
      ),
  );
}

/** No name is resolved: that alone would need privileges on its schema. */
const oidSql = ({ schema, name }: Securable) =>
  `(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = ${sql.literal(schema ?? '')} AND c.relname = ${sql.literal(name)})`;

function heldSql({ on, action, columns, onAnyColumn }: Privilege): string {
  const may = sql.literal(action);
  switch (on.kind) {
    case 'database':
      return `has_database_privilege(${sql.literal(on.name)}, ${may})`;
    case 'schema':
      return `has_schema_privilege(${sql.literal(on.name)}, ${may})`;
    case 'sequence':
      return `has_sequence_privilege(${oidSql(on)}, ${may})`;
    case 'table':
      if (action === 'OWNERSHIP')
        return `pg_has_role((SELECT relowner FROM pg_class WHERE oid = ${oidSql(on)}), 'USAGE')`;
      if (onAnyColumn) return `has_any_column_privilege(${oidSql(on)}, ${may})`;
      if (columns.length === 0) return `has_table_privilege(${oidSql(on)}, ${may})`;
      return `(${columns.map((column) => `has_column_privilege(${oidSql(on)}, ${sql.literal(column)}, ${may})`).join(' AND ')})`;
  }
}

function objectSql({ kind, schema, name }: Securable): string {
  return `${kind.toUpperCase()} ${schema === undefined ? '' : `${sql.identifier(schema)}.`}${sql.identifier(name)}`;
}
