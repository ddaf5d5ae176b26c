import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CliResult } from '../support/cli.js';
import { type Contents, contents, difference } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import {
  journalTable,
  onecardOn,
  rowsOf,
  startOnecardOn,
  together,
  writingNothing,
} from '../support/on-database.js';
import {
  expectedOperators,
  largeSample,
  operatorKey,
  regularOperatorKey,
  sample,
} from '../support/sample.js';

const PLAN = 'plan.ndjson';
const creates = expectedOperators('create');

const RENAMED = operatorKey(170);
const DELETED = operatorKey(171);
const LINKED = operatorKey(172);
const FOUND = operatorKey(175);
const NEW = operatorKey(999);
const ADDED = '0d000000-0000-4000-8000-000000000001';
const STRANGER = '0d000000-0000-4000-8000-000000000002';

/** One of each: a field changed, a person that makes it a match, a link, a deletion, an arrival. */
const EDITS = `
  UPDATE operator SET last_name = 'Re"named' WHERE id = '${RENAMED}';
  ${person(ADDED, `(SELECT email FROM operator WHERE id = '${FOUND}')`)};
  ${person(STRANGER, 'NULL')};
  UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${LINKED}';
  UPDATE incident SET operator_id = NULL WHERE operator_id = '${DELETED}';
  DELETE FROM operator WHERE id = '${DELETED}';
  INSERT INTO operator (id, kind, last_name, branch_id, api_account, demo_account, archived, anonymized)
  SELECT '${NEW}', kind, 'Newcomer', branch_id, api_account, demo_account, archived, anonymized FROM operator WHERE id = '${RENAMED}'`;

function person(key: string, email: string): string {
  return `INSERT INTO person (id, last_name, email, branch_id, ssp_access, selectable_as_caller, archived, anonymized)
  SELECT '${key}', 'Somebody', ${email}, branch_id, TRUE, TRUE, FALSE, FALSE FROM operator WHERE id = '${RENAMED}'`;
}

const DRIFT = {
  changed: {
    count: 2,
    first: expect.arrayContaining([
      {
        operator: RENAMED,
        fields: [{ field: 'card.last_name', planned: expect.any(String), found: 'Re"named' }],
      },
      {
        operator: FOUND,
        fields: [
          { field: 'decision', planned: 'create', found: 'match' },
          { field: 'action', planned: 'create', found: 'none' },
          { field: 'reason', planned: 'no-candidate', found: 'match' },
          { field: 'person', planned: null, found: ADDED },
        ],
      },
    ]),
  },
  vanished: {
    count: 1,
    first: [
      {
        operator: DELETED,
        fields: expect.arrayContaining([{ field: 'decision', planned: 'create', found: null }]),
      },
    ],
  },
  linked: {
    count: 1,
    first: [
      {
        operator: LINKED,
        fields: expect.arrayContaining([
          { field: 'decision', planned: 'create', found: 'linked' },
          { field: 'person', planned: null, found: STRANGER },
        ]),
      },
    ],
  },
  arrived: {
    count: 1,
    first: [
      {
        operator: NEW,
        fields: expect.arrayContaining([{ field: 'decision', planned: null, found: 'create' }]),
      },
    ],
  },
  approved: creates.length - 4,
  leftOut: 2,
};
const IN_WORDS = '2 operators changed, 1 vanished, 1 got linked, 1 arrived';

describe.each(databases)('an approved plan on $name', ({ fresh, kind }) => {
  it('applied to a database that is as it was gives what a plain run gives', async () => {
    const [planned, plain] = [await fresh(sample), await fresh(sample)];
    const before = await together(plain, contents);
    const digest = await makePlan(planned);
    const run = await onecardOn(planned, [
      'migrate',
      '--yes',
      '--plan',
      PLAN,
      '--plan-digest',
      digest,
      '--strict',
      '--json',
    ]);
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      created: creates.length,
      plan: { digest, drift: { approved: creates.length, leftOut: 0, changed: { count: 0, first: [] } } },
    });
    expect((await onecardOn(plain, ['migrate', '--yes'])).code).toBe(0);
    expect(written(before, await together(planned, contents))).toEqual(
      written(before, await together(plain, contents)),
    );

    // Once more: that is no drift.
    const again = await onecardOn(planned, [
      'migrate',
      '--yes',
      '--plan',
      PLAN,
      '--plan-digest',
      digest,
      '--strict',
    ]);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('has applied this plan');
  }, 120_000);

  describe('of which something has drifted', () => {
    let database: TestDatabase;
    let digest: string;
    let before: Contents;

    beforeAll(async () => {
      database = await fresh(sample);
      digest = await makePlan(database);
      await together(database, async ({ query }) => {
        for (const statement of EDITS.split(';')) await query(statement);
      });
      before = await together(database, contents);
    }, 120_000);

    it('is shown with its fields by a dry run, which writes nothing', async () => {
      const [json, text] = await writingNothing(database, async () => [
        await onecardOn(database, ['migrate', '--dry-run', '--plan', PLAN, '--json', '--detailed-exitcode']),
        await onecardOn(database, ['migrate', '--dry-run', '--plan', PLAN]),
      ]);
      expect(json.code, json.stderr).toBe(3);
      expect(JSON.parse(json.stdout).plan).toEqual({ file: PLAN, digest, drift: DRIFT });
      expect(text.code).toBe(0);
      expect(text.stdout).toContain(IN_WORDS);
      expect(text.stdout).toMatch(/card\.last_name: ".*" → "Re\\"named"/);
    });

    it('is refused by --strict, and nothing is written', async () => {
      const args = ['migrate', '--yes', '--plan', PLAN, '--plan-digest', digest, '--strict'];
      const run = await writingNothing(database, () => onecardOn(database, args));
      expect(run.code, run.stderr).toBe(5);
      expect(run.stderr).toContain(IN_WORDS);
    });

    it('is left out, listed, and all else is written', async () => {
      const args = ['migrate', '--yes', '--plan', PLAN, '--plan-digest', digest];
      const run = await onecardOn(database, [...args, '--json']);
      expect(run.code, run.stderr).toBe(7);
      expect(run.stderr).toContain(IN_WORDS);
      const summary = JSON.parse(run.stdout);
      expect(summary).toMatchObject({
        created: creates.length - 4,
        stale: 0,
        pending: 2,
        violations: 0,
        plan: { digest, drift: DRIFT },
      });

      const after = await together(database, contents);
      const { added, removed, changed } = difference(before, after);
      expect(removed).toEqual([]);
      expect(added).toHaveLength(creates.length - 4);
      const out = [RENAMED, DELETED, LINKED, FOUND, NEW];
      expect(changed.map(({ key }) => key).toSorted()).toEqual(creates.filter((key) => !out.includes(key)));

      const folder = join(database.folder, summary.report);
      expect(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')).plan).toEqual({
        digest,
        drift: DRIFT,
      });
      const [head, ...lines] = (await readFile(join(folder, 'audit.ndjson'), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(head.plan).toBe(digest);
      const lineOf = (operator: string) => lines.find((line) => line.operator === operator);
      const leftOut = { decision: 'create', action: 'none', finding: 'not-as-approved', change: null };
      expect(lineOf(RENAMED)).toMatchObject({ ...leftOut, drift: { kind: 'changed' } });
      expect(lineOf(NEW)).toMatchObject({ ...leftOut, drift: { kind: 'arrived' } });
      expect(lineOf(LINKED)).toMatchObject({ decision: 'linked', drift: { kind: 'linked' } });

      // Neither is under review, nor proved to be as it should: they are open.
      const verified = await onecardOn(database, ['verify', '--json']);
      expect(verified.code, verified.stdout).toBe(0);
      expect(JSON.parse(verified.stdout).counts).toMatchObject({ open: 2 });

      const [row] = await together(database, ({ query }) =>
        query(`SELECT plan_digest FROM ${journalTable(kind, 'run')}`),
      );
      expect(row?.['plan_digest']).toBe(digest);
      // A run of its own takes up the rest.
      const rest = await onecardOn(database, ['migrate', '--yes', '--json']);
      expect(rest.code, rest.stderr).toBe(0);
      expect(JSON.parse(rest.stdout)).toMatchObject({ created: 2, plan: null });
    }, 120_000);
  });

  it('is refused where it is not this plan, whole, and of this database and configuration', async () => {
    const database = await fresh(sample);
    const digest = await makePlan(database);
    const lines = (await readFile(join(database.folder, PLAN), 'utf8')).trimEnd().split('\n');
    const header = JSON.parse(lines[0] ?? '');
    const keep = (name: string, text: string) => writeFile(join(database.folder, name), text);
    const withHeader = (changes: object) =>
      sealed([JSON.stringify({ ...header, ...changes }), ...lines.slice(1, -1)]);
    const elsewhere = (changes: object) => withHeader({ database: { ...header.database, ...changes } });
    await keep('tampered', `${lines.join('\n').replace('"decision":"skip"', '"decision":"link"')}\n`);
    await keep('cut', lines.slice(0, -1).join('\n'));
    await keep('longer', `${lines.join('\n')}\n${lines[1]}\n`);
    await keep('other', 'Dear reader\n');
    await keep('empty', '');
    await keep('newer', withHeader({ format: 2 }));
    await keep('kind', elsewhere({ kind: 'Oracle' }));
    await keep('name', elsewhere({ database: 'another' }));
    await keep('server', elsewhere({ server: 'another' }));
    await keep('upgraded', elsewhere({ version: '1.2.3' }));
    await keep('configured', withHeader({ configuration: 'f'.repeat(64) }));

    const plan = (file: string, ...more: string[]) => ['migrate', '--dry-run', '--plan', file, ...more];
    const refusals: [args: string[], code: number, message: string][] = [
      [plan('tampered'), 5, 'was altered'],
      [plan('cut'), 5, 'was cut short'],
      [plan('longer'), 5, 'something was added'],
      [plan('other'), 5, 'is not a plan file'],
      [plan('empty'), 5, 'is not a plan file'],
      [plan('newer'), 5, 'has the format 2'],
      [plan('kind'), 5, 'is about the Oracle database'],
      [plan('name'), 5, 'database another'],
      [plan('server'), 5, '(another)'],
      [plan('configured'), 5, 'was made with another configuration'],
      [plan(PLAN, '--on-match', 'link'), 5, 'onMatch was review and is link'],
      [plan(PLAN, '--plan-digest', 'f'.repeat(64)), 5, 'not the approved one'],
      [['migrate', '--yes', '--plan', PLAN, '--plan-digest', 'f'.repeat(64)], 5, 'not the approved one'],
      [
        ['migrate', '--yes', '--plan', 'name', '--plan-digest', digestOf(elsewhere({ database: 'another' }))],
        5,
        'database another',
      ],
      [plan('nowhere'), 2, 'does not exist'],
      [plan('.'), 2, 'no regular file'],
      [plan(PLAN, '--sql'), 2, '--sql does not go with --plan'],
      [['migrate', '--yes', '--plan', PLAN], 2, 'its digest has to be given'],
      [['migrate', '--yes', '--strict'], 2, '--strict is about an approved plan'],
      [['migrate', '--plan', PLAN], 2, 'no terminal to ask on'],
    ];
    await writingNothing(database, async () => {
      for (const [args, code, message] of refusals) {
        const result = await onecardOn(database, args);
        expect(result.stderr, args.join(' ')).toContain(message);
        expect(result.code, args.join(' ')).toBe(code);
        expect(result.stderr).toMatch(/\n {2}→ .+/);
      }
      // A server that was upgraded holds the same database.
      const upgraded = await onecardOn(database, plan('upgraded', '--detailed-exitcode'));
      expect(upgraded.code, upgraded.stderr).toBe(0);
      expect((await onecardOn(database, plan(PLAN, '--plan-digest', digest.toUpperCase()))).code).toBe(0);
    });
  }, 180_000);
});

describe.each(serverDatabases)('a run with an approved plan that is killed on $name', ({ fresh, kind }) => {
  const LAST = regularOperatorKey(1_999);
  const MIDDLE = regularOperatorKey(1_000);

  it('goes on with that plan or without, writes nothing else, and with no other', async () => {
    const database = await fresh(largeSample);
    const digest = await makePlan(database);
    await database.query(`UPDATE operator SET last_name = 'Renamed' WHERE id IN ('${LAST}', '${MIDDLE}')`);
    const args = ['migrate', '--yes', '--batch-size', '5'];
    const withPlan = [...args, '--plan', PLAN, '--plan-digest', digest];
    await killedAt(database, withPlan, 20);
    await killedAt(database, withPlan, 60);

    const other = await makePlan(database, 'other.ndjson');
    const refused = await onceUnlocked(() =>
      onecardOn(database, [...args, '--plan', 'other.ndjson', '--plan-digest', other]),
    );
    expect(refused.code, refused.stderr).toBe(5);
    expect(refused.stderr).toContain('was started with another plan');
    const strict = await onecardOn(database, [...withPlan, '--strict']);
    expect(strict.code, strict.stderr).toBe(5);

    const finished = await onecardOn(database, [...args, '--json']);
    expect(finished.code, finished.stderr).toBe(7);
    expect(finished.stderr).toContain(`started with the approved plan ${digest}`);
    const summary = JSON.parse(finished.stdout);
    expect(summary).toMatchObject({
      pending: 2,
      stale: 0,
      violations: 0,
      plan: { digest, drift: { changed: { count: 2 }, leftOut: 2, approved: summary.created } },
    });
    const operators = rowsOf(await contents(database), 'operator');
    expect(operators.get(LAST)).toMatchObject({ person_id: null });
    expect(operators.get(MIDDLE)).toMatchObject({ person_id: null });
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
  }, 120_000);

  it('is not taken over by a plan that it was started without', async () => {
    const database = await fresh(largeSample);
    const digest = await makePlan(database);
    await killedAt(database, ['migrate', '--yes', '--batch-size', '5'], 20);
    const refused = await onceUnlocked(() =>
      onecardOn(database, ['migrate', '--yes', '--plan', PLAN, '--plan-digest', digest]),
    );
    expect(refused.code, refused.stderr).toBe(5);
    expect(refused.stderr).toContain('was started without an approved plan');
  }, 120_000);

  /** Kills the run once it has so many changes, with more to do. */
  async function killedAt(database: TestDatabase, args: string[], changes: number): Promise<void> {
    const killed = await onceUnlocked(async () => {
      const run = startOnecardOn(database, args);
      const ended = run.result.then(() => true);
      while (!(await Promise.race([ended, sleep(10).then(() => false)]))) {
        if ((await changesOf(database)) >= changes) break;
      }
      run.child.kill('SIGKILL');
      return run.result;
    });
    expect(killed.code, killed.stderr).toBe(null);
  }

  const changesOf = (database: TestDatabase) =>
    database.query(`SELECT COUNT(*) AS changes FROM ${journalTable(kind, 'change')}`).then(
      ([row]) => Number(row?.['changes']),
      () => 0,
    );
});

async function makePlan(database: TestDatabase, file = PLAN): Promise<string> {
  const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--dry-run', '--plan-out', file]);
  expect(code, stderr).toBe(0);
  const [, digest = ''] = /its digest is ([0-9a-f]{64})\./.exec(stdout) ?? [];
  return digest;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Lines with the totals of their own, as somebody would forge them. */
function sealed(lines: readonly string[]): string {
  const body = `${lines.join('\n')}\n`;
  return `${body}${JSON.stringify({ totals: [], digest: hashOf(body) })}\n`;
}

const digestOf = (plan: string) => JSON.parse(plan.trimEnd().split('\n').at(-1) ?? '').digest;

/** What a run has written, without the keys and stamps that differ from run to run. */
function written(before: Contents, after: Contents) {
  const { added, removed, changed } = difference(before, after);
  const plain = (row: string) => {
    const { id: _, person_id: __, created_at: ___, updated_at: ____, ...fields } = JSON.parse(row);
    return JSON.stringify(fields);
  };
  return {
    removed,
    cards: added.map(({ row }) => plain(row)).toSorted(),
    operators: changed.map(({ key, after: row }) => {
      const card = JSON.parse(row).person_id;
      return `${key} ${plain(row)} ${plain(after.get('person')?.get(card) ?? '{}')}`;
    }),
  };
}

/** The server may take a moment to notice that a killed client is gone. */
async function onceUnlocked(run: () => Promise<CliResult>): Promise<CliResult> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const result = await run();
    if (result.code !== 6 || Date.now() > deadline) return result;
    await sleep(100);
  }
}
