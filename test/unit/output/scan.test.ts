import { describe, expect, it } from 'vitest';
import { widthOf } from '../../../src/output/terminal/layout.js';
import { renderScan } from '../../../src/output/terminal/scan.js';
import { type Account, judgeAccount } from '../../../src/scan/account-judgement.js';
import { judgeKey } from '../../../src/scan/key-judgement.js';
import type { SideQuality } from '../../../src/scan/key-quality.js';
import type { Readiness } from '../../../src/scan/readiness.js';
import type { Scan } from '../../../src/scan/scan.js';
import { configurationWith, personKey } from './planned.js';

interface Given {
  login?: string;
  mail?: string;
  first?: string | undefined;
  last?: string;
  employee?: boolean;
  active?: boolean;
}

/** By default a card on which nothing but its names is filled. */
function account({ login = '', mail = '', first = '', last = '', employee, active }: Given): Account {
  return {
    logins: [{ label: 'loginName', value: login }],
    mails: [{ label: 'email', value: mail }],
    firstName: first,
    familyName: last,
    hasEmployeeNumber: employee ?? false,
    hasLoggedIn: active ?? false,
  };
}

describe('a likely API account', () => {
  it('is told from its login, its mail or its name, with all that speaks for it', () => {
    expect(judgeAccount(account({ login: 'svc-scanner', last: 'svc-scanner' }))).toEqual([
      'loginName "svc-scanner" holds the word "svc"',
      'the name "svc-scanner" holds the word "svc"',
      'no first name',
      'no employee number',
      'never logged in',
    ]);
  });

  it.each<Given>([
    { login: 'api_rest', last: 'REST' },
    { login: 'CORP\\svc01', last: 'Printing' },
    { login: 'SVC.import@example.com', last: 'Files' },
    { mail: 'do-not-reply@example.com', last: 'Mailer' },
    { mail: 'svc_no.reply@example.com', last: 'Mailer' },
    { mail: 'integration.hr@example.com', first: 'Integration', last: 'User (HR)' },
    { login: 'svc-jansen', first: 'Jan', last: 'Jansen' },
    { login: 'hr-bot', last: 'hr-bot' },
    { last: 'Webhook receiver' },
    {
      login: 'api-hr',
      mail: 'api.hr@example.com',
      first: 'Jan',
      last: 'Jansen',
      employee: true,
      active: true,
    },
  ])('is %o', (given) => {
    expect(judgeAccount(account(given))).not.toEqual([]);
  });

  it.each<Given>([
    { login: 'cbotha', mail: 'c.botha@example.com', first: 'Chris', last: 'Botha' },
    { login: 'importa.rossi', first: 'Importa', last: 'Rossi' },
    { login: 'sven.svc-free', mail: 'sven.svc-free@example.com', first: 'Sven', last: 'Svc-free' },
    { login: 'jan.bot', mail: 'jan.bot@example.com', first: 'Jan', last: 'Bot' },
    { login: 'j.bot', last: 'Bot' },
    { login: 'awest', mail: 'it-service@example.com', first: 'Ada', last: 'West' },
    { login: 'kapi', mail: 'k@api.example.com', first: 'Karl', last: 'Apisa' },
    { login: 'SYSTEM\\jdoe', first: 'Jane', last: 'Doe' },
    { login: 'nora.reply', first: 'Nora', last: 'Reply' },
    { login: 'keyless', last: 'Keyless' },
    { login: 'api-jansen', first: 'Jan', last: 'Jansen', employee: true, active: true },
  ])('is not %o', (given) => {
    expect(judgeAccount(account(given))).toEqual([]);
  });

  it('is told where one column holds the whole name', () => {
    const whole = (last: string, login: string) => ({ ...account({ login, last }), firstName: undefined });
    expect(judgeAccount(whole('Jan Bot', 'jan.bot'))).toEqual([]);
    expect(judgeAccount(whole('Bot, Jan', 'jan.bot'))).toEqual([]);
    expect(judgeAccount(whole('Backup Service', 'backup.service'))).not.toEqual([]);
  });

  it('is not held against an operator of whom nothing else is known', () => {
    const unknown = { firstName: undefined, hasEmployeeNumber: undefined, hasLoggedIn: undefined };
    const jansen = account({ login: 'api-jansen', last: 'Jan Jansen' });
    expect(judgeAccount({ ...jansen, ...unknown })).toEqual([]);
  });
});

describe('a key', () => {
  const side = (filled: number, sharing = 0, shared = sharing / 2) => ({
    rows: 1000,
    filled,
    sharing,
    shared,
  });

  it.each([
    [side(920), side(987), 'good', 'filled on 92 % of operators and 98 % of persons, unique: a good key'],
    [
      side(920, 9, 3),
      side(999, 2),
      'good',
      'filled on 92 % of operators and 99 % of persons, 9 operators share 3 values, 2 persons share one value: a good key',
    ],
    [
      side(920, 20),
      side(980),
      'fair',
      'filled on 92 % of operators and 98 % of persons, 20 operators share 10 values: a fair key',
    ],
    [side(400), side(980), 'fair', 'filled on 40 % of operators and 98 % of persons, unique: a fair key'],
    [side(980), side(200), 'weak', 'filled on 98 % of operators and 20 % of persons, unique: a weak key'],
    [
      side(980),
      side(980, 400),
      'weak',
      'filled on 98 % of operators and 98 % of persons, 400 persons share 200 values: a weak key',
    ],
    [side(980), side(0), 'useless', 'filled on 98 % of operators and 0 % of persons: it can match nobody'],
    [
      side(3),
      side(980),
      'weak',
      'filled on less than 1 % of operators and 98 % of persons, unique: a weak key',
    ],
    [
      { rows: 0, filled: 0, shared: 0, sharing: 0 },
      side(1000),
      'useless',
      'filled on 0 % of operators and 100 % of persons: it can match nobody',
    ],
  ])('%o of operators, %o of persons: %s', (operators, persons, verdict, judgement) => {
    expect(judgeKey(operators, persons)).toEqual({ verdict, judgement });
  });
});

const operatorKey = (number: number) => `0a000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

function quality(column: string, changed: Partial<SideQuality> = {}): SideQuality {
  return {
    column,
    rows: 305,
    filled: 300,
    ignored: 0,
    distinct: 300,
    shared: 0,
    sharing: 0,
    mostShared: [],
    equality: { takenAsOne: null, toldApart: null },
    ...changed,
  };
}

const scan: Scan = {
  tallies: [
    { decision: 'create', action: 'create', reason: 'no-candidate', finding: null, operators: 98_000 },
    { decision: 'linked', action: 'none', reason: 'linked', finding: 'possible-duplicate', operators: 1 },
  ],
  operators: 98_001,
  persons: 1500,
  unlinked: 98_000,
  keys: [
    {
      key: 'email',
      operators: quality('email', {
        ignored: 2,
        distinct: 292,
        shared: 4,
        sharing: 12,
        mostShared: [
          { value: 'team.west@example.com', cards: 5 },
          { value: 'nils\u202e@example.com', cards: 3 },
          { value: 'elin.dahl@example.com', cards: 2 },
        ],
      }),
      persons: quality('email'),
      verdict: 'fair',
      judgement: 'filled on 98 % of operators and 98 % of persons, 12 operators share 4 values: a fair key',
    },
    {
      key: 'employeeNumber',
      operators: quality('employee_number'),
      persons: quality('employee_number'),
      verdict: 'good',
      judgement: 'filled on 98 % of operators and 98 % of persons, unique: a good key',
    },
  ],
  possibleDuplicates: {
    count: 1,
    first: [
      {
        operator: operatorKey(32),
        name: 'Ines Prado',
        person: personKey(32),
        candidates: [personKey(232), personKey(432)],
      },
    ],
  },
  likelyApiAccounts: {
    count: 1,
    first: [
      {
        operator: operatorKey(193),
        name: 'svc\x1b[31m',
        reasons: ['loginName "svc\x1b[31m" holds the word "svc"', 'no employee number', 'never logged in'],
      },
    ],
  },
  schemaGaps: [
    {
      table: 'operator',
      column: 'person_id',
      holds: 'link',
      problem: 'missing',
      consequence: 'A run adds it.',
      sql: 'ALTER TABLE "operator" ADD COLUMN "person_id" uuid NULL UNIQUE',
    },
  ],
};

const readiness: Readiness = {
  obstacles: [{ message: 'The database is read-only: read_only is on.', remedy: 'Use the primary server.' }],
  missing: ['INSERT (id, email) on the table public.person'],
  grants: ['GRANT INSERT ("id", "email") ON TABLE "public"."person" TO "reader";'],
  excessive: ['The user reader has CREATEDB, which nothing here needs.'],
  triggers: [
    {
      table: { schema: 'public', name: 'person' },
      name: 'touch',
      when: 'BEFORE INSERT',
      what: 'public.touch()',
    },
  ],
  cardTriggers: ['touch'],
  hiddenTriggers: ['operator'],
};

const render = (changed: Partial<Scan> = {}, width = 80, color = false, preset = 'sample') =>
  renderScan(
    { ...scan, ...changed },
    {
      look: { width, color },
      configuration: { ...configurationWith(), preset },
      identity: { kind: 'PostgreSQL', version: '17.2', database: 'servicedesk', server: 'oid 5' },
      readiness,
    },
  );

describe('a scan', () => {
  it('tells of TOPdesk alone that an operator is not turned into an API account any more', () => {
    const told =
      /since August 2026 an operator cannot be turned into an API account any more: make a new one\./;
    expect(render({}, 80, false, 'topdesk').replaceAll(/\s+/g, ' ')).toMatch(told);
    expect(render().replaceAll(/\s+/g, ' ')).not.toMatch(told);
  });

  it('is told in sections that fit 80 columns', () => {
    expect(`\n${render()}\n`).toMatchInlineSnapshot(`
      "
      Database
      database   servicedesk on PostgreSQL 17.2
      operators  98,001 rows in operator, groups and templates included
      persons    1,500 rows in person
      unlinked   98,000 human operators without a link to a person that exists

      Decisions
      decision  reason              meaning                                  operators
      ────────  ──────────────────  ───────────────────────────────────────  ─────────
      create    no-candidate        no person shares a key with it              98,000
      linked    possible-duplicate  already has its person card, but its             1
                                    person looks generated while another,
                                    unlinked person shares its keys
      ────────  ──────────────────  ───────────────────────────────────────  ─────────
      total                                                                     98,001

      98,000 cards will be created and linked, 0 operators linked to existing persons,
      0 need a human decision, 1 needs nothing.

      Keys
      key             of         cards  filled  ignored  distinct  shared
      ──────────────  ─────────  ─────  ──────  ───────  ────────  ──────
      email           operators    305     300        2       292      12
                      persons      305     300        0       300       0
      employeeNumber  operators    305     300        0       300       0
                      persons      305     300        0       300       0

        email: filled on 98 % of operators and 98 % of persons, 12 operators share 4
          values: a fair key
          "team.west@example.com" on 5 operators,
            "nils\\u{202e}@example.com" on 3 operators,
            "elin.dahl@example.com" on 2 operators, and 1 more
        employeeNumber: filled on 98 % of operators and 98 % of persons, unique: a
          good key

      Cards: human operators, and persons, without anonymized ones. Ignored: values
      such as "-" that match.ignoreValues lists. Shared: cards whose value another
      card of the same side has, too.

      Possible duplicates
      1 operator is linked to a card that looks generated, while another, unlinked
      person has the same keys. A run leaves them alone: a human decides which card
      stays.
        Ines Prado, operator 0a000000-0000-4000-8000-000000000032
          linked to 0b000000-0000-4000-8000-000000000032
          but see 0b000000-0000-4000-8000-000000000232,
            0b000000-0000-4000-8000-000000000432

      Likely API accounts
      1 operator looks like an integration, but is not flagged as API account. Flag
      those that are no humans before the run: otherwise each gets a person card, or
      is left for review.
        svc\\x1b[31m, operator 0a000000-0000-4000-8000-000000000193
          loginName "svc\\x1b[31m" holds the word "svc"; no employee number; never
            logged in

      Schema
        operator.person_id (the link to the person) does not exist
          A run adds it.
          ALTER TABLE "operator" ADD COLUMN "person_id" uuid NULL UNIQUE

      Before a run
        The database is read-only: read_only is on.
          Use the primary server.
        This user lacks INSERT (id, email) on the table public.person.
          GRANT INSERT ("id", "email") ON TABLE "public"."person" TO "reader";
        The user reader has CREATEDB, which nothing here needs.
        trigger on person: touch, BEFORE INSERT: public.touch()
          Where touch makes rows that refer to a new person, a rollback keeps that
            card as referenced, until those rows are gone.
        Whether the table operator has triggers cannot be seen: that takes the
          privilege TRIGGER on it.

      Not looked at
      This version does not check the index and the foreign key of the link column,
      nor references to persons and operators that no foreign key declares.
      "
    `);
  });

  it.each([60, 80, 120])('is no wider than %i columns', (width) => {
    expect(Math.max(...render({}, width).split('\n').map(widthOf))).toBeLessThanOrEqual(width);
  });

  it('reads the same without colour', () => {
    const colored = render({}, 80, true);
    expect(colored).toContain('\x1b[33m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colours are written
    expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(render());
  });

  it('says how many more there are, and where', () => {
    const [duplicate] = scan.possibleDuplicates.first;
    const [suspect] = scan.likelyApiAccounts.first;
    const shown = render({
      possibleDuplicates: { count: 30, first: Array(30).fill(duplicate) },
      likelyApiAccounts: { count: 1250, first: Array(100).fill(suspect) },
    });
    expect(shown).toContain('\n  and 10 more; --json lists them all\n');
    expect(shown).toContain('\n  and 1,230 more; --json lists the first 100\n');
    expect(shown.split(`linked to ${personKey(32)}`)).toHaveLength(21);
  });

  it('says that nothing was found', () => {
    const none = { count: 0, first: [] };
    const shown = render({ possibleDuplicates: none, likelyApiAccounts: none, schemaGaps: [] });
    expect(shown).toContain('Possible duplicates\nNone.\n');
    expect(shown).toContain('Likely API accounts\nNone that is not flagged as one.\n');
    expect(shown).toContain('Schema\nEvery column is there');
  });
});
