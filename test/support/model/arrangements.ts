import { sampleSchema } from '../../../fixtures/sample/index.js';
import { insertRows, type SampleKind, sampleKey } from '../../../fixtures/sample/sql.js';
import type { Template } from '../databases.js';
import type { Case, KeyNames } from './arbitrary.js';

/** Where a schema keeps the keys: how the rows of a case are written, and the configuration that says so. */
export interface Arrangement {
  readonly name: string;
  readonly keys: KeyNames;
  readonly template: Template;
  readonly matchKeys: object;
  /** Statements that empty the tables and write the rows of the case. */
  write(kind: SampleKind, rows: Case): string[];
}

type Columns = Readonly<Record<string, { operator: string; person: string }>>;

/** The sample's keys, each of them a column on both sides. */
const COLUMNS = {
  loginName: { operator: 'login_name', person: 'ssp_login_name' },
  email: { operator: 'email', person: 'email' },
  employeeNumber: { operator: 'employee_number', person: 'employee_number' },
  networkLogin: { operator: 'network_login_name', person: 'network_login_name' },
  mainframeLogin: { operator: 'mainframe_login_name', person: 'mainframe_login_name' },
} as const satisfies Columns;

const BRANCH = sampleKey('0c', 1);

const schemaWithBranch = (kind: SampleKind) => [
  ...sampleSchema(kind),
  insertRows(kind, 'branch', ['id', 'name', 'archived'], [[BRANCH, 'Here', false]]),
];

export const keysInColumns: Arrangement = {
  name: 'keys in columns',
  keys: { single: Object.keys(COLUMNS), several: [] },
  template: templateOf('decisions-columns', schemaWithBranch),
  matchKeys: COLUMNS,
  write: (kind, rows) => [
    'DELETE FROM operator',
    'DELETE FROM person',
    ...operatorRows(kind, rows, COLUMNS),
    ...personRows(kind, rows, COLUMNS),
  ],
};

const { email: _, employeeNumber: __, ...OTHER_COLUMNS } = COLUMNS;

/** E-mail addresses in tables of their own on both sides; the operator's number in a row of a key/value table. */
export const keysInOtherTables: Arrangement = {
  name: 'keys in other tables',
  keys: { single: [...Object.keys(OTHER_COLUMNS), 'employeeNumber'], several: ['email'] },
  template: templateOf('decisions-tables', (kind) => [
    ...schemaWithBranch(kind),
    `CREATE TABLE operator_address (agent ${keyType(kind)} NOT NULL, address varchar(254))`,
    `CREATE TABLE contact (person ${keyType(kind)} NOT NULL, kind varchar(20) NOT NULL, detail varchar(254))`,
    `CREATE TABLE setting (owner ${keyType(kind)} NOT NULL, name varchar(40) NOT NULL, content ${kind === 'postgres' ? 'bytea' : 'blob'})`,
  ]),
  matchKeys: {
    ...OTHER_COLUMNS,
    email: {
      operator: { column: 'address', table: 'operator_address', on: { agent: 'id' } },
      person: {
        column: 'detail',
        table: 'contact',
        on: { person: 'id' },
        where: { column: 'kind', is: 'email' },
      },
    },
    employeeNumber: {
      operator: {
        column: 'content',
        table: 'setting',
        on: { owner: 'id' },
        where: { column: 'name', is: 'number' },
      },
      person: 'employee_number',
    },
  },
  write: (kind, rows) => [
    ...['operator', 'person', 'operator_address', 'contact', 'setting'].map((name) => `DELETE FROM ${name}`),
    ...operatorRows(kind, rows, OTHER_COLUMNS),
    ...personRows(kind, rows, { ...OTHER_COLUMNS, employeeNumber: COLUMNS.employeeNumber }),
    ...inserted(
      kind,
      'operator_address',
      ['agent', 'address'],
      rows.operators.flatMap(({ id, keys }) => (keys['email'] ?? []).map((each) => [id, each])),
    ),
    ...inserted(
      kind,
      'contact',
      ['person', 'kind', 'detail'],
      rows.persons.flatMap(({ id, keys }) => [
        ...(keys['email'] ?? []).map((each) => [id, 'email', each]),
        ...beside('email').map((kind) => [id, kind, 'ann']),
      ]),
    ),
    ...settings(kind, rows),
  ],
};

/** Rows that are about something else, whatever a collation thinks of their names. */
const beside = (name: string) => [name.toUpperCase(), `${name} `, `${name}s`];

function settings(kind: SampleKind, { operators }: Case): string[] {
  const rows = operators.flatMap(({ id, keys }) => [
    ...(keys['employeeNumber'] ?? []).map((each) => [id, 'number', each] as const),
    ...beside('number').map((name) => [id, name, 'ann'] as const),
    // Bytes that are no text are no value.
    [id, 'number', undefined] as const,
  ]);
  if (rows.length === 0) return [];
  const values = rows.map(([id, name, content]) => `('${id}', '${name}', ${bytes(kind, content)})`);
  return [`INSERT INTO setting (owner, name, content) VALUES ${values.join(',\n')}`];
}

function bytes(kind: SampleKind, content: string | null | undefined): string {
  if (content === null) return 'NULL';
  const hex = content === undefined ? 'fffe' : Buffer.from(content).toString('hex');
  return kind === 'postgres' ? `'\\x${hex}'` : `X'${hex}'`;
}

const keyType = (kind: SampleKind) => (kind === 'postgres' ? 'uuid' : 'char(36)');

function templateOf(name: string, statements: (kind: SampleKind) => string[]): Template {
  return {
    name,
    async fill(query, kind) {
      for (const statement of statements(kind)) await query(statement);
    },
  };
}

type Value = string | boolean | null;

function operatorRows(kind: SampleKind, { operators }: Case, keys: Columns): string[] {
  const columns = ['id', 'kind', 'api_account', 'demo_account', 'archived', 'anonymized', 'person_id'];
  const rows = operators.map((row): Value[] => [
    row.id,
    row.isGroup ? 'group' : 'operator',
    row.isApiAccount,
    row.isExcluded,
    row.archived,
    row.anonymized,
    row.link,
    row.title,
    'Somebody',
    BRANCH,
    ...Object.keys(keys).map((key) => row.keys[key]?.[0] ?? null),
  ]);
  const own = Object.values(keys).map(({ operator }) => operator);
  return inserted(kind, 'operator', [...columns, 'job_title', 'last_name', 'branch_id', ...own], rows);
}

function personRows(kind: SampleKind, { persons }: Case, keys: Columns): string[] {
  const columns = ['id', 'ssp_access', 'selectable_as_caller', 'archived', 'anonymized'];
  const rows = persons.map((row): Value[] => [
    row.id,
    row.ssp,
    row.caller,
    row.archived,
    row.anonymized,
    'Somebody',
    BRANCH,
    ...Object.keys(keys).map((key) => row.keys[key]?.[0] ?? null),
  ]);
  const own = Object.values(keys).map(({ person }) => person);
  return inserted(kind, 'person', [...columns, 'last_name', 'branch_id', ...own], rows);
}

/** Last rows first: nothing may depend on the order in which they lie. */
function inserted(kind: SampleKind, table: string, columns: string[], rows: Value[][]): string[] {
  return rows.length === 0 ? [] : [insertRows(kind, table, columns, rows.toReversed())];
}
