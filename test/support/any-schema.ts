import { readFileSync } from 'node:fs';
import type { Template } from './databases.js';
import { type Expectation, readExpectations } from './expectations.js';
import type { Kind } from './servers/server.js';

/** A schema that somebody else thought up, with its right configuration and what has to be decided. */
export interface AnySchema {
  readonly name: string;
  readonly template: Template;
  /** Written by hand, one per operator. */
  readonly expectations: readonly Expectation[];
  /** What the keys of new cards look like. */
  readonly newKey: RegExp;
  /** The text of its `onecard.yaml`. */
  configuration(kind: Kind): string;
  /** As `contents` names them. */
  tables(kind: Kind): { operators: string; persons: string };
  readonly link: string;
  /** Of some operators that get a card: column → value as it is stored. */
  readonly cards: Readonly<Record<string, Card>>;
  /** A row that refers to a person, by a column without a foreign key. */
  refer(kind: Kind, person: string): string;
  /** Takes that row away. */
  unrefer(kind: Kind): string;
}

type Card = Readonly<Record<string, string | number | boolean | null>>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const agent = (n: number) => `9007199254741${String(n).padStart(3, '0')}`;
const agentOfPrefs = (n: number) => `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const user = (n: number) => `e0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const anySchemas: readonly AnySchema[] = [
  {
    ...filesOf('helpdesk-mail'),
    tables: () => ({ operators: 'agent', persons: 'requester' }),
    link: 'requester_id',
    newKey: /^1\d{3}$/,
    cards: {
      [agent(5)]: {
        given_name: 'Sven',
        family_name: 'Prins',
        personnel_no: null,
        directory_id: 'SVC-print',
        language: 'en',
        floor: null,
        site_id: null,
        notify_address: 'sven@helpdesk.example',
        origin: 'operator card',
        portal: 0,
        may_call: false,
        inactive: 0,
        erased: 0,
      },
      [agent(29)]: { floor: 32767, site_id: 2, language: 'de', inactive: 1 },
      [agent(30)]: { inactive: 1, erased: 1 },
      [agent(38)]: {
        given_name: '🦄 נועם',
        family_name: `O'Neill "x"; --`,
        directory_id: 'back\\slash',
        notify_address: 'unicorn@helpdesk.example',
      },
      [agent(39)]: { family_name: 'Long family name of thirty-nine letters🚒' },
    },
    refer: (_, person) => `INSERT INTO ticket_watcher (ticket_id, requester_id) VALUES (3, ${person})`,
    unrefer: () => 'DELETE FROM ticket_watcher WHERE ticket_id = 3',
  },
  {
    ...filesOf('portal-accounts'),
    tables: () => ({ operators: 'staff', persons: 'people' }),
    link: 'people_code',
    newKey: /^[0-9a-f]{32}$/,
    cards: {
      'fit 2': {
        full_name: '🚒'.repeat(60),
        login: null,
        mail: '',
        phone: '',
        dept: 'IT',
        cost_centre: '0.00',
        badge: '',
        may_be_caller: 'N',
        status: 'live',
      },
      'gone 3': { mail: 'blank@portal.example', status: 'gone ' },
      'gone 4': { status: 'GONE' },
      'erased 9': { dept: '', status: 'erased' },
      [`'; --`]: { full_name: `'); DROP TABLE people; -- \\` },
    },
    // The card has the login of the operator, which is given one for it.
    refer: (_, person) => `INSERT INTO visit (id, visitor_login, visited_on)
      SELECT 9, login, '2026-07-02' FROM people WHERE code = '${person}'`,
    unrefer: () => 'DELETE FROM visit WHERE id = 9',
  },
  {
    ...filesOf('key-value'),
    tables: () => ({ operators: 'agent', persons: 'contact' }),
    link: 'contact_id',
    newKey: UUID,
    cards: {
      [agentOfPrefs(4)]: {
        display: 'No Group',
        email: 'nogroup@keys.example',
        staff_code: null,
        unit: 1,
        kind: 'operator',
        created_by: 'onecard',
        notes: null,
        web: 0,
        caller: 0,
        left_on: null,
      },
      [agentOfPrefs(14)]: { left_on: '2025-06-30' },
      [agentOfPrefs(31)]: { email: 'code@keys.example', staff_code: null },
      [agentOfPrefs(35)]: { display: `🦄 נועם "x" \\ '); --`, email: '🦄@keys.example' },
      [agentOfPrefs(36)]: { display: ' ', email: ' ' },
    },
    refer: (_, person) => `INSERT INTO told (contact_id, job_id) VALUES ('${person}', 2)`,
    unrefer: () => 'DELETE FROM told WHERE job_id = 2',
  },
  {
    ...filesOf('Mixed Case'),
    tables: (kind) => ({ operators: inSchema(kind, 'User'), persons: inSchema(kind, 'Order') }),
    link: 'Verknüpfung',
    newKey: UUID,
    cards: {
      [user(31)]: {
        'Name?': `'); DROP TABLE "Order"; -- \\`,
        from: 'robert@mixed.example',
        Select: '$1 ? :x {{y}}',
        Größe: '"``"',
        Ausweis: null,
        Order: 0,
        ÄRA: '2026-07-01',
        $1: '?',
        'SSP:Zugang': false,
        Aufrufer: false,
        Status: 'A',
      },
      [user(33)]: { 'Name?': '👩‍👩‍👧', Größe: '🦄🦄🦄🦄' },
      [user(35)]: { from: 'caf\u00e9@mixed.example' },
    },
    refer: (kind, person) =>
      kind === 'postgres'
        ? `INSERT INTO "Service Désk"."Where" VALUES (9, '${person}')`
        : `INSERT INTO \`Where\` VALUES (9, '${person}')`,
    unrefer: (kind) =>
      kind === 'postgres'
        ? `DELETE FROM "Service Désk"."Where" WHERE "And" = 9`
        : 'DELETE FROM `Where` WHERE `And` = 9',
  },
];

/** Of a card in `contents`. */
export function asPrinted(kind: Kind, card: Card): Record<string, string | null> {
  const [yes, no] = kind === 'postgres' ? ['true', 'false'] : ['1', '0'];
  const text = (value: Card[string]) => {
    if (typeof value === 'boolean') return value ? yes : no;
    return value === null ? null : String(value);
  };
  return Object.fromEntries(Object.entries(card).map(([column, value]) => [column, text(value) ?? null]));
}

const inSchema = (kind: Kind, table: string) => (kind === 'postgres' ? `Service Désk.${table}` : table);

/** `rows.sql` is standard SQL, the same for both kinds. */
const STANDARD_SQL = `SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES';`;

function filesOf(name: string): Pick<AnySchema, 'name' | 'template' | 'expectations' | 'configuration'> {
  const read = (file: string) =>
    readFileSync(new URL(`../../fixtures/${encodeURIComponent(name)}/${file}`, import.meta.url), 'utf8');
  return {
    name,
    template: {
      name: name.toLowerCase().replaceAll(' ', '-'),
      async fill(query, kind) {
        if (kind === 'mysql') await query([STANDARD_SQL, read('mariadb.sql'), read('rows.sql')].join('\n'));
        else await query([read('postgres.sql'), read('rows.sql'), 'RESET search_path'].join('\n'));
      },
    },
    expectations: readExpectations(name).map(({ why, ...expectation }) => expectation),
    // Schemas are databases on MariaDB.
    configuration: (kind) =>
      kind === 'mysql' ? read('onecard.yaml').replaceAll('schema: Service Désk, ', '') : read('onecard.yaml'),
  };
}
