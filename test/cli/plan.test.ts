import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { JOURNAL_TABLES } from '../../src/database/dialect.js';
import type { CliResult } from '../support/cli.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, plainSql, writingNothing } from '../support/on-database.js';
import { type PlanLine, readPlanFile, type WrittenPlan } from '../support/plan-file.js';
import {
  expectations,
  expectedOperators,
  operatorKey,
  personKey,
  regularOperatorKey,
  regularPersonKey,
  sample,
} from '../support/sample.js';

const DEFAULT_POLICIES = {
  onMatch: 'review',
  archivedOperators: 'include',
  anonymizedOperators: 'include',
  archivedPersons: 'candidates',
  onContradiction: 'review',
  onSharedKey: 'review',
};

const dryRun = (database: TestDatabase, ...args: string[]) =>
  onecardOn(database, ['migrate', '--dry-run', ...args]);

const plans = new Map<string, WrittenPlan>();

describe.each(databases)('a dry run of the sample on $name', ({ name, fresh }) => {
  let database: TestDatabase;
  let result: CliResult;
  let file: string;
  let plan: WrittenPlan;

  beforeAll(async () => {
    database = await fresh(sample);
    file = join(database.folder, 'plan.ndjson');
    result = await writingNothing(database, () => dryRun(database, '--plan-out', 'plan.ndjson', '--json'));
    plan = await readPlanFile(file);
    plans.set(name, plan);
  }, 120_000);

  it('ends well, and wrote nothing', () => {
    expect(result.code, result.stderr).toBe(0);
  });

  it('begins the plan with format, database, policies and the digest of the configuration', () => {
    expect(plan.header).toEqual({
      format: 1,
      tool: expect.stringMatching(/^onecard \d/),
      database: {
        kind: { PostgreSQL: 'PostgreSQL', MariaDB: 'MariaDB', embedded: 'embedded sample' }[name],
        version: expect.stringMatching(/^\d+\.\d/),
        database: database.name,
        server: expect.any(String),
      },
      policies: DEFAULT_POLICIES,
      configuration: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('decides about every operator as the expectations say', () => {
    const found = plan.lines.map(({ operator, decision, reason, person, finding }) => {
      return { operator, decision, reason, person, finding: finding ?? null };
    });
    expect(found).toEqual(expectations);
  });

  it('says the same of every operator in the same fields', () => {
    const always = ['operator', 'decision', 'action', 'reason', 'person', 'candidates', 'evidence', 'card'];
    const sometimes = ['candidateCount', 'finding'];
    for (const line of plan.lines) {
      const fields = Object.keys(line);
      expect(fields.slice(0, always.length)).toEqual(always);
      expect(sometimes).toEqual(expect.arrayContaining(fields.slice(always.length)));
    }
  });

  it('creates a card where it decides to, and otherwise leaves everything to humans', () => {
    for (const { decision, action, card } of plan.lines) {
      expect(action).toBe(decision === 'create' ? 'create' : 'none');
      expect(card === null).toBe(action === 'none');
    }
  });

  it('fills a card from its operator, and denies access and calls', () => {
    expect(lineOf(plan, operatorKey(170))).toEqual({
      operator: operatorKey(170),
      decision: 'create',
      action: 'create',
      reason: 'no-candidate',
      person: null,
      candidates: [],
      evidence: [],
      card: {
        first_name: 'Noor',
        last_name: 'de Graaf',
        email: 'noor.degraaf@example.com',
        employee_number: '10170',
        network_login_name: 'CORP\\ndegraaf',
        mainframe_login_name: 'TSO0170',
        telephone: '+31 15 270 0170',
        mobile: '+31 6 1234 0170',
        job_title: 'Change manager',
        branch_id: expect.stringMatching(/^0c/),
        department_id: expect.stringMatching(/^0d/),
        location_id: expect.stringMatching(/^0e/),
        archived: false,
        archived_reason: null,
        anonymized: false,
        ssp_access: false,
        selectable_as_caller: false,
      },
    });
  });

  it('keeps strange values as they are', () => {
    const card = (n: number) => lineOf(plan, operatorKey(n))?.card;
    expect(card(211)).toMatchObject({ first_name: 'Back', last_name: 'Slash \\ and \\n' });
    expect(card(212)).toMatchObject({
      first_name: '🦄',
      last_name: 'Unicorn 👩‍👩‍👧',
      email: '🦄@example.com',
    });
    expect(card(216)).toMatchObject({ first_name: '=HYPERLINK("https://example.com","x")' });
    expect(card(220)).toMatchObject({ first_name: '   Padded', last_name: '  Blank   ' });
    expect(card(223)).toMatchObject({ first_name: '', employee_number: '' });
    expect(card(224)).toMatchObject({ first_name: 'Red\u001b[31m', last_name: 'Escape\u0007' });
    expect(card(227)).toMatchObject({ last_name: "'); DROP TABLE person;--" });
    expect(card(228)).toMatchObject({ last_name: 'Semi;colon\nand a second line\t"quoted"' });
    expect(card(233)).toMatchObject({ first_name: ':bind', last_name: '$1 ? ?? %s {{x}}' });
    expect(card(196)).toMatchObject({ archived: true, archived_reason: 'Left in 2019' });
  });

  it('holds the evidence for and against a person', () => {
    expect(lineOf(plan, operatorKey(51))?.evidence).toEqual([
      { key: 'email', value: 'bruno.costa@example.com', persons: 1, operators: 1 },
    ]);
    expect(lineOf(plan, operatorKey(118))?.evidence).toEqual([
      { key: 'email', value: 'james.bond@example.com', persons: 1, operators: 1 },
      { key: 'employeeNumber', operator: '007', person: '7' },
    ]);
    expect(lineOf(plan, operatorKey(146))?.evidence).toEqual([
      { key: 'email', value: 'team.west@example.com', persons: 0, operators: 5 },
    ]);
    expect(lineOf(plan, operatorKey(41))?.evidence).toContainEqual({
      column: 'person_id',
      value: personKey(9041),
      problem: 'no such person',
    });
    expect(lineOf(plan, operatorKey(165))?.evidence).toEqual([
      {
        column: 'job_title',
        value: 'Coordinator of Coordinator of Coordinator of Coordinator of X',
        problem: expect.stringContaining('60'),
      },
    ]);
  });

  it('names twenty candidates at most, and counts all', () => {
    const nurses = Array.from({ length: 20 }, (_, at) => personKey(601 + at));
    const { candidates, candidateCount } = lineOf(plan, operatorKey(91)) ?? {};
    expect({ candidates, candidateCount }).toEqual({ candidates: nurses, candidateCount: 25 });
    expect(lineOf(plan, operatorKey(101))?.candidates).toEqual([101, 301, 501].map(personKey));
  });

  it('ends the plan with the totals, and the digest of all bytes before them', () => {
    expect(Object.keys(plan.last)).toEqual(['totals', 'digest']);
    expect(plan.last.digest).toBe(plan.digestOfBody);
    expect(counted(plan.last.totals)).toEqual(countedByHand());
  });

  it('gives the plan to its owner alone', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('says the same on stdout, as one JSON document', () => {
    const document = JSON.parse(result.stdout);
    expect(document).toMatchObject({
      database: plan.header['database'],
      policies: plan.header['policies'],
      configuration: plan.header['configuration'],
      notShown: 0,
      totals: plan.last.totals,
      plan: { file: 'plan.ndjson', digest: plan.last.digest },
    });
    const common = Object.keys(plan.lines[0] ?? {});
    const shown = document.operators.map((operator: Record<string, unknown>) =>
      Object.fromEntries(common.map((field) => [field, operator[field]])),
    );
    expect(shown).toEqual(plan.lines.map(({ candidateCount: _, finding: __, ...line }) => line));
  });
});

it.each(databases.slice(1))('plans on $name the same as on the first, byte for byte', ({ name }) => {
  const [first] = plans.values();
  const other = plans.get(name);
  expect(other?.texts).toEqual(first?.texts);
  expect(other?.last.totals).toEqual(first?.last.totals);
  expect(other?.header['configuration']).toBe(first?.header['configuration']);
});

describe.each(serverDatabases)('looking closer on $name', ({ fresh, kind }) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await fresh(sample);
  });

  const look = async (...args: string[]) => {
    const result = await writingNothing(database, () => dryRun(database, '--json', ...args));
    expect(result.code, result.stderr).toBe(0);
    return JSON.parse(result.stdout);
  };

  it('leaves an existing file alone, whatever is in it', async () => {
    const file = join(database.folder, 'kept.ndjson');
    await writeFile(file, 'precious');
    const result = await writingNothing(database, () => dryRun(database, '--plan-out', 'kept.ndjson'));
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('kept.ndjson exists already');
    expect(result.stdout).toBe('');
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  it('--only shows one operator, and the totals of all', async () => {
    const { operators, totals } = await look('--only', operatorKey(20));
    expect(operators).toEqual([expect.objectContaining({ operator: operatorKey(20), decision: 'linked' })]);
    expect(counted(totals)).toEqual(countedByHand());
  });

  it('--only with an unknown key is refused', async () => {
    const result = await writingNothing(database, () => dryRun(database, '--only', operatorKey(999)));
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`No operator has the key "${operatorKey(999)}"`);
  });

  it('--json prints a whole document or nothing', async () => {
    const { stdout } = await dryRun(database, '--json', '--only', operatorKey(999));
    expect(stdout).toBe('');
  });

  it('a refused look leaves no half of a plan behind', async () => {
    await dryRun(database, '--only', operatorKey(999), '--plan-out', 'half.ndjson');
    await expect(stat(join(database.folder, 'half.ndjson'))).rejects.toThrow('ENOENT');
  });

  it('--limit shows so many, counts the rest, and keeps the whole plan', async () => {
    const { operators, notShown, totals } = await look('--limit', '3', '--plan-out', 'limited.ndjson');
    expect(operators).toHaveLength(3);
    expect(notShown).toBe(expectations.length - 3);
    expect(counted(totals)).toEqual(countedByHand());
    const plan = await readPlanFile(join(database.folder, 'limited.ndjson'));
    expect(plan.lines).toHaveLength(expectations.length);
  });

  it('--limit counts what it leaves out of the text, too', async () => {
    const { stdout } = await dryRun(database, '--limit', '3');
    expect(stdout.match(/^. (create|match|review|linked|skip) /gm)).toHaveLength(3);
    // Whatever changes or asks for a human: 98 + 40 + 66, and 4 findings.
    expect(stdout).toContain('… and 205 more: --limit 0 shows all');
  });

  it('--decision shows the operators with this decision', async () => {
    const { operators } = await look('--decision', 'review');
    expect(operators.map(({ operator }: PlanLine) => operator)).toEqual(expectedOperators('review'));
  });

  it('--decision takes no other word', async () => {
    const result = await dryRun(database, '--decision', 'reviewed');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('create, match, review, linked, skip');
  });

  it('--sql prints what a run would execute, and executes nothing', async () => {
    const { code, stdout } = await writingNothing(database, () => dryRun(database, '--sql'));
    expect(code).toBe(0);
    const beginnings = plainSql(stdout)
      .split(';\n')
      .map((statement) => /^(?!-- |\s*$).*/m.exec(statement)?.[0]);
    expect(beginnings.filter((line) => line !== undefined)).toEqual([
      ...(kind === 'postgres' ? ['CREATE SCHEMA IF NOT EXISTS onecard'] : []),
      ...JOURNAL_TABLES.map((table) => `CREATE TABLE IF NOT EXISTS ${journalTable(kind, table)} (`),
      expect.stringMatching(/^INSERT INTO \S*decision \(/),
      expect.stringMatching(/^SELECT o.id FROM \S*decision AS d$/),
      expect.stringMatching(/^SELECT p.id FROM \S*decision AS d$/),
      expect.stringMatching(/^INSERT INTO \S*change \(/),
      expect.stringMatching(/^INSERT INTO person \(id, first_name, /),
      'UPDATE operator AS o',
      ...(kind === 'postgres' ? ['SET CONSTRAINTS ALL IMMEDIATE'] : []),
      expect.stringMatching(/^SELECT CASE WHEN p.id IS NULL THEN 'gone'/),
      expect.stringMatching(/^UPDATE \S*change AS o$/),
    ]);
  });

  it('says what to type next with the flags that it was given: without them a run would do something else', async () => {
    const given = ['--on-match', 'link', '--config', 'my own.yaml'];
    await writeFile(join(database.folder, 'my own.yaml'), 'preset: sample\noperators: { link: card_id }\n');
    const shown = await writingNothing(database, () =>
      onecardOn(database, ['migrate', '--dry-run', '--limit', '1', ...given, '--plan-out', 'p.ndjson']),
    );
    expect(shown.code, shown.stderr).toBe(0);
    const next = shown.stdout.slice(shown.stdout.indexOf('Next:'));
    const same = `--config 'my own.yaml' --on-match link`;
    const { digest } = (await readPlanFile(join(database.folder, 'p.ndjson'))).last;
    expect(next).toContain(
      `onecard migrate ${same} --plan p.ndjson --plan-digest ${digest} --allow-schema-changes\n`,
    );
    expect(next).toContain(`onecard review ${same} --output FILE\n`);
    expect(next).toContain(`onecard migrate --dry-run ${same} --sql\n`);
    await Promise.all(['my own.yaml', 'p.ndjson'].map((file) => rm(join(database.folder, file))));
  });

  it('the flags that look ask for --dry-run: a run always does the whole plan', async () => {
    const looks = ['--only=x', '--decision=review', '--plan-out=p', '--sql'];
    const results = await writingNothing(database, () =>
      Promise.all(looks.map((flag) => onecardOn(database, ['migrate', '--yes', flag]))),
    );
    for (const { code, stderr } of results) {
      expect(stderr).toContain('--dry-run');
      expect(code).toBe(2);
    }
  });
});

/** Decision, action and reason; the person where there is one. */
type Outcome = readonly [decision: string, action: string, reason: string, person?: string];

const matches = expectations.filter(({ decision }) => decision === 'match');
const outcomes = (numbers: readonly number[], outcome: (n: number) => Outcome) =>
  Object.fromEntries(numbers.map((n) => [operatorKey(n), outcome(n)]));

/** Each operator about whom another decision is made than by default, and no other. */
const policies: readonly { name: string; changed: Record<string, Outcome> }[] = [
  {
    name: '--on-match link',
    changed: Object.fromEntries(
      matches.map(({ operator, person }) => [operator, ['match', 'link', 'match', person ?? '']]),
    ),
  },
  {
    name: '--on-match create',
    changed: {
      ...Object.fromEntries(
        matches.map(({ operator, person }) => [operator, ['match', 'create', 'match', person ?? '']]),
      ),
      // The title is too long for a card, and only now there is to be one.
      [operatorKey(80)]: ['review', 'none', 'does-not-fit', personKey(80)],
    },
  },
  {
    name: '--archived-operators skip',
    changed: {
      [operatorKey(59)]: ['skip', 'none', 'archived', personKey(59)],
      [operatorKey(131)]: ['skip', 'none', 'archived', personKey(130)],
      ...outcomes([157, 168, 187, 188, 196, 201], () => ['skip', 'none', 'archived']),
      [regularOperatorKey(93)]: ['skip', 'none', 'archived'],
    },
  },
  {
    name: '--anonymized-operators skip',
    changed: outcomes([185, 186, 187, 188], () => ['skip', 'none', 'anonymized']),
  },
  {
    name: '--on-shared-key create',
    changed: {
      ...outcomes([146, 147, 148, 149, 150, 151, 153, 154, 155, 156, 157, 158, 160, 162, 163, 164], () => [
        'create',
        'create',
        'no-candidate',
      ]),
      [operatorKey(159)]: ['review', 'none', 'does-not-fit'],
    },
  },
  {
    name: '--on-contradiction match',
    changed: {
      ...outcomes([116, 117, 118, 119, 122, 123], (n) => ['match', 'none', 'match', personKey(n)]),
      [operatorKey(120)]: ['review', 'none', 'contested', personKey(120)],
    },
  },
  {
    name: '--archived-persons ignore',
    changed: {
      ...outcomes([59, 60], () => ['create', 'create', 'no-candidate']),
      ...outcomes([92, 102], (n) => ['match', 'none', 'match', personKey(n)]),
    },
  },
  {
    name: '--on-contradiction match --on-match link --archived-persons ignore',
    changed: {
      ...Object.fromEntries(
        matches.map(({ operator, person }) => [operator, ['match', 'link', 'match', person ?? '']]),
      ),
      ...outcomes([59, 60], () => ['create', 'create', 'no-candidate']),
      ...outcomes([92, 102, 116, 117, 118, 119, 122, 123], (n) => ['match', 'link', 'match', personKey(n)]),
      [operatorKey(120)]: ['review', 'none', 'contested', personKey(120)],
    },
  },
];

describe.each(serverDatabases)('a policy on $name', ({ fresh }) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await fresh(sample);
  });

  it.each(policies)('$name changes these decisions and no other', async ({ name, changed }) => {
    const flags = name.split(' ');
    const result = await dryRun(database, '--json', ...flags);
    expect(result.code, result.stderr).toBe(0);
    const document = JSON.parse(result.stdout);
    const found = document.operators.map(({ operator, decision, action, reason, person }: PlanLine) => {
      return { operator, decision, action, reason, person };
    });
    const expected = expectations.map(({ operator, ...byDefault }) => {
      const [decision = byDefault.decision, action, reason = byDefault.reason, person] =
        changed[operator] ?? [];
      return {
        operator,
        decision,
        action: action ?? (decision === 'create' ? 'create' : 'none'),
        reason,
        person: changed[operator] === undefined ? byDefault.person : (person ?? null),
      };
    });
    expect(found).toEqual(expected);
    for (const { action, card } of document.operators) expect(card !== null).toBe(action === 'create');
    expect(Object.keys(document.policies)).toEqual(Object.keys(DEFAULT_POLICIES));
    for (const value of flags.filter((flag) => !flag.startsWith('--')))
      expect(Object.values(document.policies)).toContain(value);
  });

  it('that takes no such value is refused', async () => {
    const result = await dryRun(database, '--on-match', 'merge');
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/review.*link.*create/s);
  });
});

describe.each(serverDatabases)('the diff on $name', ({ fresh }) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await fresh(sample);
  });

  const diffOf = async (n: number, ...flags: string[]) => {
    const { stdout } = await dryRun(database, '--only', operatorKey(n), ...flags);
    return stdout.split('\n\n').find((block) => block.includes(operatorKey(n)));
  };

  it('shows a new card field by field, where each comes from, what it is denied, and the link', async () => {
    expect(await diffOf(196)).toBe(
      [
        `+ create  Gert Oldman  operator ${operatorKey(196)}`,
        '          (no person shares a key with it)',
        '  + person <new>',
        '    + first_name:           "Gert"                                  ← operator.first_name',
        '    + last_name:            "Oldman"                                ← operator.last_name',
        '    + branch_id:            "0c000000-0000-4000-8000-000000000005"  ← operator.branch_id',
        '    + location_id:          "0e000000-0000-4000-8000-000000000005"  ← operator.location_id',
        '    + archived:             true                                    ← operator.archived',
        '    + archived_reason:      "Left in 2019"                          ← operator.archived_reason',
        '    + anonymized:           false                                   ← operator.anonymized',
        '      left empty: email, employee_number, network_login_name, mainframe_login_name and 4 more',
        '    + ssp_access:           false  denied: no access to the Self-Service Portal',
        '    + selectable_as_caller: false  denied: cannot be selected as a caller',
        '  ~ operator.person_id: NULL → <new>',
      ].join('\n'),
    );
  });

  it('shows what speaks for a match, and why nothing is written', async () => {
    expect(await diffOf(52)).toBe(
      [
        `? match   Sarah Levi  operator ${operatorKey(52)}`,
        '          (exactly one person shares its keys)',
        '  email "sarah.levi@example.com" is the same on 1 person',
        `  candidate: ${personKey(52)}`,
        '  nothing will be written: policy onMatch=review leaves it to a human',
        '  to link it, and every other match: --on-match link',
      ].join('\n'),
    );
  });

  it('shows a link that a policy allows', async () => {
    expect(await diffOf(52, '--on-match', 'link')).toBe(
      [
        `~ match   Sarah Levi  operator ${operatorKey(52)}`,
        '          (exactly one person shares its keys)',
        '  email "sarah.levi@example.com" is the same on 1 person',
        `  ~ operator.person_id: NULL → ${personKey(52)}`,
      ].join('\n'),
    );
  });

  it('holds nothing that a terminal would obey: neither from onecard nor from the data', async () => {
    const { stdout, stderr } = await dryRun(database, '--limit', '0');
    expect(stdout).toContain('Escape');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what the test is about
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('says what to type next, and the digest of a plan file', async () => {
    const { stdout } = await dryRun(database, '--limit', '1', '--plan-out', 'digest.ndjson');
    const { digestOfBody } = await readPlanFile(join(database.folder, 'digest.ndjson'));
    expect(stdout).toContain(digestOfBody);
    expect(stdout).toContain('98 cards will be created and linked');
    expect(stdout).toMatch(/Next:\n {2}onecard migrate /);
  });
});

describe.each(serverDatabases)('--detailed-exitcode on $name', ({ fresh }) => {
  it('is 3 with cards pending, 4 with operators for review alone, 0 with nothing left', async () => {
    const database = await fresh(sample);
    const outcome = async (...args: string[]) => {
      const { code, stderr } = await dryRun(database, '--quiet', ...args);
      return { code, stderr };
    };
    expect(await outcome('--detailed-exitcode')).toEqual({ code: 3, stderr: '' });
    expect(await outcome()).toEqual({ code: 0, stderr: '' });

    await database.query(`UPDATE operator SET kind = 'group' WHERE id <> '${operatorKey(90)}'`);
    expect(await outcome('--detailed-exitcode')).toEqual({ code: 4, stderr: '' });
    await database.query(`
      UPDATE operator SET kind = 'group';
      UPDATE operator SET kind = 'operator' WHERE id = '${regularOperatorKey(100)}'`);
    expect(await outcome('--detailed-exitcode')).toEqual({ code: 4, stderr: '' });
    expect(await outcome('--detailed-exitcode', '--on-match', 'link')).toEqual({ code: 3, stderr: '' });
    await database.query(
      `UPDATE operator SET person_id = '${regularPersonKey(100)}' WHERE id = '${regularOperatorKey(100)}'`,
    );
    expect(await outcome('--detailed-exitcode')).toEqual({ code: 0, stderr: '' });
  });
});

function lineOf(plan: WrittenPlan, operator: string): PlanLine | undefined {
  return plan.lines.find((line) => line.operator === operator);
}

/** Operators by decision, reason and finding. */
function counted(totals: readonly Record<string, unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { decision, reason, finding, operators } of totals) {
    const key = `${decision} ${reason} ${finding ?? ''}`;
    counts[key] = (counts[key] ?? 0) + Number(operators);
  }
  return counts;
}

const countedByHand = () => counted(expectations.map((each) => ({ ...each, operators: 1 })));
