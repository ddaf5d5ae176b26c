import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { type Answers, answered, questionsIn } from '../support/answers.js';
import { anySchemas } from '../support/any-schema.js';
import { databases, serverDatabases, type Template, type TestDatabase } from '../support/databases.js';
import type { Expectation } from '../support/expectations.js';
import { osticket, otrs, zammad } from '../support/known-help-desks.js';
import { onecardOn, writingNothing } from '../support/on-database.js';
import { readPlanFile } from '../support/plan-file.js';
import { expectations, sample } from '../support/sample.js';
import { sharedKey, tellingNames } from '../support/telling-names.js';
import { topdeskTemplate } from '../support/topdesk.js';

const byOperator = (one: Expectation, other: Expectation) => (one.operator < other.operator ? -1 : 1);

/** Shown on stdout, with the database as it was. */
async function proposedFor(database: TestDatabase, ...args: string[]): Promise<string> {
  const result = await writingNothing(database, () => onecardOn(database, ['init', '--print', ...args]));
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

/** Those in effect. */
async function optionsIn(database: TestDatabase, ...args: string[]): Promise<Record<string, unknown>> {
  const { contents, errors } = parseDocument(await proposedFor(database, ...args));
  expect(errors).toEqual([]);
  return contents?.toJSON() ?? {};
}

/** What a dry run under this configuration decides. */
async function planOf(database: TestDatabase, configuration: string): Promise<Expectation[]> {
  await writeFile(join(database.folder, 'onecard.yaml'), configuration);
  const args = ['migrate', '--dry-run', '--quiet', '--plan-out', 'plan.ndjson'];
  const result = await onecardOn(database, args);
  expect(result.code, result.stderr).toBe(0);
  const { lines } = await readPlanFile(join(database.folder, 'plan.ndjson'));
  return lines
    .map(({ operator, decision, reason, person, finding }) => {
      return { operator, decision, reason, person, finding: finding ?? null };
    })
    .toSorted(byOperator);
}

/** The sample as others would have called it: old name → new name, by table. */
const renamings: readonly { language: string; operator: Names; person: Names }[] = [
  {
    language: 'Dutch',
    operator: {
      table: 'behandelaar',
      kind: 'soort',
      login_name: 'inlognaam',
      first_name: 'voornaam',
      last_name: 'achternaam',
      email: 'mailadres',
      employee_number: 'personeelsnummer',
      network_login_name: 'netwerkloginnaam',
      mainframe_login_name: 'mainframeloginnaam',
      telephone: 'telefoonnummer',
      archived: 'gearchiveerd',
      anonymized: 'geanonimiseerd',
      api_account: 'technisch_account',
      demo_account: 'proefaccount',
      last_login_at: 'laatst_ingelogd',
      person_id: 'klant_id',
      updated_at: 'gewijzigd_op',
    },
    person: {
      table: 'klant',
      ssp_login_name: 'ssp_loginnaam',
      first_name: 'roepnaam',
      last_name: 'naam',
      email: 'email_adres',
      employee_number: 'medewerkernummer',
      network_login_name: 'loginnaam_netwerk',
      mainframe_login_name: 'mainframenaam',
      telephone: 'tel',
      archived: 'inactief',
      anonymized: 'anoniem',
      ssp_access: 'portaltoegang',
      selectable_as_caller: 'kan_melden',
      updated_at: 'wijzigingsdatum',
    },
  },
  {
    language: 'other English words',
    operator: {
      table: 'SupportAgents',
      id: 'AgentId',
      login_name: 'UserName',
      first_name: 'GivenName',
      last_name: 'Surname',
      email: 'MailAddress',
      employee_number: 'StaffNo',
      network_login_name: 'SamAccountName',
      mainframe_login_name: 'RacfId',
      archived: 'IsDisabled',
      anonymized: 'Erased',
      api_account: 'IsBot',
      demo_account: 'IsTest',
      last_login_at: 'LastSeen',
      person_id: 'ContactId',
      updated_at: 'ModifiedOn',
    },
    person: {
      table: 'Contacts',
      id: 'ContactId',
      ssp_login_name: 'PortalUserName',
      first_name: 'FirstName',
      last_name: 'LastName',
      email: 'EmailAddress',
      employee_number: 'PersonnelNumber',
      network_login_name: 'NetworkLogin',
      mainframe_login_name: 'MainframeId',
      archived: 'Inactive',
      anonymized: 'IsAnonymous',
      ssp_access: 'PortalAccess',
      selectable_as_caller: 'CanRequest',
      updated_at: 'LastModified',
    },
  },
];
type Names = { readonly table: string; readonly [column: string]: string };

function renamed({ language, operator, person }: (typeof renamings)[number]): Template {
  return {
    name: `sample-in-${language.toLowerCase().replaceAll(' ', '-')}`,
    async fill(run, kind) {
      await sample.fill(run, kind);
      const quoted = (name: string) => (kind === 'postgres' ? `"${name}"` : `\`${name}\``);
      for (const [table, names] of [
        ['operator', operator],
        ['person', person],
      ] as const) {
        for (const [column, name] of Object.entries(names)) {
          if (column !== 'table')
            await run(`ALTER TABLE ${table} RENAME COLUMN ${quoted(column)} TO ${quoted(name)}`);
        }
        await run(`ALTER TABLE ${table} RENAME TO ${quoted(names.table)}`);
      }
    },
  };
}

/** What somebody who knows these databases says to the questions; what is left out stays as it was proposed. */
const ANSWERS: Readonly<Record<string, Answers>> = {
  'helpdesk-mail': {
    'operators.rows': { column: 'kind', isNot: 2 },
    'operators.apiAccount': {
      any: [
        { column: 'kind', is: 3 },
        { column: 'login', matches: 'svc-*' },
      ],
    },
    'operators.excluded': { column: 'last_name', matches: 'Training ?' },
    'persons.caller': { column: 'may_call', granted: true, denied: false },
    'card.family_name': { from: 'last_name', onMisfit: 'truncate' },
    'card.origin': { value: 'operator card' },
  },
  'portal-accounts': {
    'operators.apiAccount': {
      any: [
        { column: 'role', is: 'api' },
        { column: 'display_name', matches: 'svc:*' },
      ],
    },
    'operators.excluded': {
      row: { table: 'staff_tag', on: { staff_code: 'code' }, where: { column: 'tag', is: 'demo' } },
    },
    'card.cost_centre': { value: 0 },
    'policies.archivedOperators': 'skip',
  },
  'key-value': {
    'operators.rows': {
      all: [
        {
          not: {
            row: {
              table: 'pref',
              on: { owner_id: 'id' },
              where: {
                all: [
                  { column: 'name', is: 'is_group' },
                  { column: 'value', is: '1' },
                ],
              },
            },
          },
        },
        { not: { column: 'label', matches: '[group] *' } },
      ],
    },
    'operators.excluded': { column: 'label', matches: 'test ???' },
    'persons.caller': { column: 'caller', granted: 1, denied: 0 },
    'persons.anonymized': { column: 'display', matches: 'anon-*' },
    'card.staff_code': { from: 'staff_code', onMisfit: 'blank' },
    'card.kind': { value: 'operator' },
    'card.created_by': { value: 'onecard' },
    'policies.anonymizedOperators': 'skip',
    'policies.archivedPersons': 'ignore',
  },
  'Mixed Case': {
    'operators.apiAccount': { column: 'Select', matches: 'bot?-*' },
    'operators.archived': { column: 'Status', in: ['X', 'Ende'] },
    'operators.anonymized': { column: 'Status', is: '∅' },
    'persons.archived': { column: 'Status', in: ['X', 'Ende'] },
    'persons.anonymized': { column: 'Status', is: '∅' },
    'card.ÄRA': { value: '2026-07-01' },
    'card.$1': { value: '?' },
    'match.keys.ausweis': undefined,
  },
};

/** References do not show in a plan; the rest does, but in another way. */
const FOUND = {
  'helpdesk-mail': {
    operators: { link: 'requester_id', lastLogin: 'last_seen_at' },
    card: { notify_address: { from: { table: 'agent_email', where: { column: 'is_primary', is: true } } } },
    references: [{ table: 'ticket_watcher', column: 'requester_id' }],
  },
  'portal-accounts': {
    operators: { link: 'people_code', rows: { column: 'role', in: ['agent', 'api'] } },
    persons: {
      ssp: { row: { table: 'account', on: { people_code: 'code' }, where: { column: 'state', is: 'open' } } },
      caller: { column: 'may_be_caller', granted: 'Y', denied: 'N' },
    },
    references: [
      { table: 'remark', column: 'author_code' },
      { table: 'visit', column: 'visitor_login', holds: 'login' },
    ],
  },
  'key-value': {
    operators: { link: 'contact_id', archived: { column: 'left_on', isNull: false } },
    persons: { ssp: { column: 'web', granted: 1, denied: 0 } },
    references: [{ table: 'told', column: 'contact_id' }],
  },
  'Mixed Case': {
    operators: { table: 'Service Désk.User', link: 'Verknüpfung' },
    persons: { table: 'Service Désk.Order' },
    references: [{ table: 'Service Désk.Where', column: 'Or' }],
    // By what it holds alone.
    match: { keys: { email: { operator: 'from', person: 'from' } } },
  },
};

describe.each(databases)('init on $name', ({ kind, fresh }) => {
  it('recognizes the sample as a preset, and its plan is the very plan of the preset', async () => {
    const database = await fresh(sample);
    const proposed = await proposedFor(database);
    expect(proposed).toMatch(
      /^# yaml-language-server: \$schema=\.\/node_modules\/onecard\/dist\/onecard\.schema\.json\n/,
    );
    expect(proposed).toMatch(/^preset: sample$/m);
    expect(questionsIn(proposed)).toEqual([]);
    expect(await planOf(database, proposed)).toEqual(expectations.toSorted(byOperator));
  }, 120_000);

  it.each(renamings)(
    'proposes the right configuration for the sample in $language',
    async (renaming) => {
      const database = await fresh(renamed(renaming));
      const proposed = await proposedFor(database);
      expect(proposed).not.toContain('preset:');
      const inEffect = proposed.split('\n').filter((line) => !line.trimStart().startsWith('#'));
      expect(inEffect.join('\n')).not.toMatch(/hash|ssp_loginnaam: |PortalUserName: /);
      expect(await planOf(database, proposed), proposed).toEqual(expectations.toSorted(byOperator));
    },
    120_000,
  );

  it.each(anySchemas)(
    'needs at most its questions answered for the schema $name',
    async (schema) => {
      const database = await fresh(schema.template);
      const proposed = await proposedFor(database);
      const configuration = answered(proposed, ANSWERS[schema.name] ?? {});
      const found = await planOf(database, configuration);
      expect(found, configuration).toEqual(schema.expectations.toSorted(byOperator));
    },
    120_000,
  );

  it('says what it found, how many questions are left, and what to type next', async () => {
    const [helpdesk] = anySchemas;
    const database = await fresh(helpdesk?.template);
    const result = await onecardOn(database, ['init']);
    expect(result).toMatchObject({ code: 0, stdout: '' });
    const proposed = await readFile(join(database.folder, 'onecard.yaml'), 'utf8');
    const questions = questionsIn(proposed).length;
    expect(questions).toBeGreaterThan(0);
    expect(proposed).toContain(`There are ${questions} questions`);
    expect(result.stderr).toContain('operators are in agent, persons in requester');
    expect(result.stderr).toContain(`${questions} questions are left`);
    expect(result.stderr).toContain('onecard scan');
    // A reason for a guess that data speak for.
    expect(proposed).toMatch(/% filled, \d+% unique; persons: \d+% filled/);
  }, 120_000);

  it('recognizes TOPdesk by all tables and columns of its preset, and by nothing less', async () => {
    const database = await fresh(topdeskTemplate);
    expect(await proposedFor(database)).toMatch(/^preset: topdesk$/m);
    await database.query('ALTER TABLE mutatielog RENAME COLUMN loginnaam TO naam_van_login');
    const proposed = await proposedFor(database);
    expect(proposed).not.toContain('preset:');
    expect(proposed).toMatch(/^ {2}table: actiedoor$/m);
  }, 120_000);

  it('makes sense of what osTicket keeps: addresses and accounts of their own, and no foreign keys', async () => {
    const proposed = await optionsIn(await fresh(osticket));
    expect(proposed).toMatchObject({
      operators: { table: 'ost_staff', key: 'staff_id', archived: { column: 'isactive', is: 0 } },
      persons: { table: 'ost_user', ssp: { row: { table: 'ost_user_account', on: { user_id: 'id' } } } },
      match: {
        keys: {
          loginName: {
            operator: 'username',
            person: { column: 'username', table: 'ost_user_account', on: { user_id: 'id' } },
          },
          email: {
            operator: 'email',
            person: { column: 'address', table: 'ost_user_email', on: { user_id: 'id' } },
          },
        },
      },
    });
    expect(proposed['references']).toContainEqual({ table: 'ost_ticket', column: 'user_id' });
  }, 120_000);

  it('makes sense of what OTRS keeps: preferences as bytes, states in words elsewhere, calls by login', async () => {
    const proposed = await optionsIn(await fresh(otrs));
    const mail = {
      column: 'preferences_value',
      table: 'user_preferences',
      on: { user_id: 'id' },
      where: { column: 'preferences_key', is: 'UserEmail' },
    };
    expect(proposed).toMatchObject({
      operators: { table: 'users', archived: { column: 'valid_id', is: 2 } },
      persons: { table: 'customer_user', archived: { column: 'valid_id', is: 2 } },
      card: { email: { from: mail } },
      match: { keys: { email: { operator: mail, person: 'email' } } },
      volatileColumns: { operators: ['change_time'], persons: ['change_time'] },
      references: [{ table: 'ticket', column: 'customer_user_id', holds: 'login' }],
    });
    expect(proposed['card']).not.toHaveProperty('pw');
  }, 120_000);

  it('gives a person no other name than the obvious ones, and no value twice', async () => {
    const { card } = await optionsIn(await fresh(tellingNames));
    expect(card).toMatchObject({ first_name: { from: 'firstname' }, last_name: { from: 'lastname' } });
    expect(card).not.toHaveProperty('middle_name');
    expect(card).not.toHaveProperty('skype_name');
  }, 120_000);

  it('only asks about a key whose values are not found on the other side', async () => {
    const database = await fresh(tellingNames);
    const proposed = await proposedFor(database);
    const { match } = parseDocument(proposed).toJS();
    expect(Object.keys(match.keys)).toEqual(['email']);
    expect(questionsIn(proposed)).toContain('match.keys.networkLogin');
    expect(proposed).toMatch(/^ {4}# networkLogin: \{ operator: network_login, person: network_login \}$/m);
  }, 120_000);

  it('fills what has the same name and type, whatever it holds', async () => {
    const { card } = await optionsIn(await fresh(tellingNames));
    expect(card).toMatchObject({ created_on: { from: 'created_on' }, city: { from: 'city' } });
  }, 120_000);

  it('says which values a new card lacks, since they are in tables of their own', async () => {
    const database = await fresh(tellingNames);
    expect(await proposedFor(database)).toMatch(
      /^# A new card has no e-mail address in email_address\.address.*(\n# {3}.*)*\ncard:$/m,
    );
    const { stderr } = await onecardOn(database, ['init', '--print']);
    expect(stderr).toContain('1 value of a person is in a table of its own');
  }, 120_000);

  it('takes the time at which a row was disabled as a sign that it is archived', async () => {
    const { operators } = await optionsIn(await fresh(tellingNames));
    expect(operators).toMatchObject({ archived: { column: 'disabled_at', isNull: false } });
  }, 120_000);

  it('finds references by login and by a key of their own, and none of operators', async () => {
    const { references } = await optionsIn(await fresh(tellingNames));
    expect(references).toEqual(
      expect.arrayContaining([
        { table: 'contact__cdata', column: 'contact_id' },
        { table: 'ticket', column: 'opened_by', holds: 'username' },
        { table: 'service', column: 'owner_login', holds: 'username' },
      ]),
    );
    expect(references).toHaveLength(3);
  }, 120_000);

  it('counts only what a run will meet: values that are not there, and triggers on new rows', async () => {
    const proposed = await proposedFor(await fresh(tellingNames));
    expect(proposed).toContain('1 of 4 operators have none');
    expect(proposed).toContain('on_card (BEFORE INSERT)');
    expect(proposed).not.toContain('on_change');
  }, 120_000);

  it('says why a column that refers to persons is no link', async () => {
    const database = await fresh(sharedKey);
    const proposed = await proposedFor(database, '--operators', 'portal_agent', '--persons', 'contact');
    expect(proposed).not.toContain('no column of portal_agent refers to contact');
    expect(proposed.replaceAll(/\n *# +/g, ' ')).toContain(
      'contact_id refers to contact, but it is the key of portal_agent itself: the run adds this one',
    );
  }, 120_000);

  it('does not make two sides of one table of humans', async () => {
    const refused = await onecardOn(await fresh(zammad), ['init']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Humans are in users.');
  }, 120_000);

  it('gives the proposal as data, and writes nothing then', async () => {
    const database = await fresh(anySchemas[0]?.template);
    const result = await onecardOn(database, ['init', '--json']);
    expect(result.code, result.stderr).toBe(0);
    const { preset, options } = JSON.parse(result.stdout);
    expect(preset).toBeUndefined();
    expect(options).toContainEqual({
      path: ['operators', 'key'],
      value: 'id',
      because: [expect.stringContaining('primary key')],
    });
    expect(existsSync(join(database.folder, 'onecard.yaml'))).toBe(false);
  }, 120_000);

  it('names the tables of humans where it finds no pair, and takes those that are named', async () => {
    const database = await fresh(sample);
    await database.query('ALTER TABLE operator RENAME TO t17');
    await database.query('ALTER TABLE person RENAME TO t18');
    for (const column of ['person_id', 'kind', 'login_name', 'first_name', 'last_name', 'email', 'telephone'])
      await database.query(
        `ALTER TABLE t17 DROP COLUMN ${column}${database.kind === 'postgres' ? ' CASCADE' : ''}`,
      );
    for (const column of ['mobile', 'employee_number', 'job_title'])
      await database.query(`ALTER TABLE t17 DROP COLUMN ${column}`);
    const refused = await onecardOn(database, ['init']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--operators TABLE --persons TABLE');
    expect(await proposedFor(database, '--operators', 't17', '--persons', 't18')).toMatch(
      /^ {2}table: t17$/m,
    );
    const wrong = await onecardOn(database, ['init', '--operators', 't71', '--persons', 't18']);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('--operators names t71');
  }, 120_000);

  it.each(Object.entries(FOUND))(
    'finds by names and data what nobody declared in the schema %s',
    async (name, found) => {
      const database = await fresh(anySchemas.find((schema) => schema.name === name)?.template);
      const proposed = await optionsIn(database);
      // Schemas are databases on MariaDB.
      const own =
        kind === 'mysql' ? JSON.parse(JSON.stringify(found).replaceAll('Service Désk.', '')) : found;
      expect(proposed).toMatchObject(own);
    },
    120_000,
  );

  it('shows beside a required column what a check allows there', async () => {
    const database = await fresh(anySchemas[0]?.template);
    await database.query("ALTER TABLE requester ADD CHECK (origin IN ('import', 'operator card'))");
    const proposed = await proposedFor(database);
    expect(proposed).toMatch(/# the table checks: .*origin.*import/);
  }, 120_000);

  it('never proposes a credential, however well it would match', async () => {
    const database = await fresh(sample);
    for (const table of ['operator', 'person']) {
      await database.query(`ALTER TABLE ${table} ADD COLUMN badge_secret varchar(254)`);
      await database.query(`UPDATE ${table} SET badge_secret = email`);
    }
    await database.query(`ALTER TABLE person ADD COLUMN pw varchar(254) NOT NULL DEFAULT ''`);
    await database.query('ALTER TABLE person ALTER COLUMN pw DROP DEFAULT');
    const args = ['--operators', 'operator', '--persons', 'person'];
    const proposed = await optionsIn(database, ...args);
    expect(JSON.stringify(proposed)).not.toMatch(/badge_secret|password_hash|ssp_login_name"?:/);
    expect(proposed['card']).toMatchObject({ pw: { value: '' } });
  }, 120_000);

  it('never overwrites a file', async () => {
    const database = await fresh(sample);
    const file = join(database.folder, 'onecard.yaml');
    await writeFile(file, 'preset: sample\n');
    const refused = await onecardOn(database, ['init']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('onecard.yaml exists already');
    expect(refused.stderr).toContain('--output FILE');
    expect(await readFile(file, 'utf8')).toBe('preset: sample\n');

    const elsewhere = await onecardOn(database, ['init', '--output', 'other.yaml']);
    expect(elsewhere).toMatchObject({ code: 0, stdout: '' });
    expect(elsewhere.stderr).toContain('preset "sample"');
    expect(elsewhere.stderr).toContain('onecard scan --config other.yaml');
    expect(await readFile(join(database.folder, 'other.yaml'), 'utf8')).toContain('preset: sample');
  }, 120_000);
});

describe.each(serverDatabases)('init on $name by a user', ({ kind, fresh }) => {
  const ARGS = ['init', '--print', '--operators', 'operator', '--persons', 'person'];

  it('who may only read two tables', async () => {
    const database = await fresh(sample);
    const role = await database.createRole();
    const quote = kind === 'postgres' ? '"' : '`';
    for (const table of ['operator', 'person'])
      await database.query(`GRANT SELECT ON ${table} TO ${quote}${role.name}${quote}`);
    const result = await onecardOn({ ...database, url: role.url }, ARGS);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^ {4}email: \{ operator: email, person: email \}$/m);
  }, 120_000);

  it.runIf(kind === 'postgres')(
    'who may read none of them: it goes by their names, and says so',
    async () => {
      const database = await fresh(sample);
      const role = await database.createRole();
      const result = await onecardOn({ ...database, url: role.url }, ARGS);
      expect(result.code, result.stderr).toBe(0);
      expect(result.stdout).toContain('# operator could not be read (The database user lacks a privilege:');
      expect(result.stdout).toMatch(/^ {4}email: \{ operator: email, person: email \}$/m);
    },
    120_000,
  );
});
