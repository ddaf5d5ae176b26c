import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout, type Layout } from '../../src/config/layout.js';
import { loadConfiguration, type PolicyFlags } from '../../src/config/load.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import type { Mode } from '../../src/database/session.js';
import { RunTable } from '../../src/journal/journal.js';
import { executeRollback } from '../../src/rollback/rollback.js';
import type { Verification } from '../../src/verify/verification.js';
import { verifyDatabase } from '../../src/verify/verify.js';
import { type DatabaseUnderTest, databases, type Template, type TestDatabase } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';

/** Two operators share a person in the sample; this one of them is freed, and then left for review. */
const FREED = '0a000000-0000-4000-8000-000000000034';

const sample: Template = {
  name: 'sample-without-shared-persons',
  async fill(query, kind) {
    for (const statement of sampleSchema(kind)) await query(statement);
    for (const statement of sampleRows(kind, STANDARD_SIZE)) await query(statement);
    await query(`UPDATE operator SET person_id = NULL WHERE id = '${FREED}'`);
  },
};

interface Subject {
  readonly database: Database;
  readonly layout: Layout;
  run(sql: string): Promise<void>;
  verify(options?: { complete?: boolean; run?: string }): Promise<Verification>;
  /** The same database on a new connection, this one closed. */
  reopened(mode: Mode): Promise<Subject>;
}

async function opened({ fresh }: DatabaseUnderTest, policies: PolicyFlags = {}): Promise<Subject> {
  return open(await fresh(sample), 'write', policies);
}

async function open(place: TestDatabase, mode: Mode, policies: PolicyFlags): Promise<Subject> {
  const { url, folder, kind } = place;
  const target = url === undefined ? ({ kind: 'embedded' } as const) : { kind, url };
  const database = await openDatabase(target, mode, {}, folder);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= database.close();
    return closed;
  };
  onTestFinished(close);
  const layout = await checkLayout(database, loadConfiguration(undefined, policies));
  return {
    database,
    layout,
    run: (sql) => database.transaction(async (session) => void (await session.run(sql))),
    verify: (options) => verifyDatabase(database, layout, { complete: false, ...options }),
    async reopened(mode) {
      await close();
      return open(place, mode, policies);
    },
  };
}

async function migrate({ database, layout }: Subject): Promise<string> {
  const { run } = await executeRun(database, layout, runOptions(), () => undefined);
  await database.transaction((session) => new RunTable(database).enter(session, run, 'done'));
  return run.id;
}

async function rollBack({ database, layout }: Subject, run: string, only?: string) {
  const options = {
    lockTimeout: 5_000,
    batchSize: { time: 5_000, fixed: 1_000 },
    signal: new AbortController().signal,
  };
  return (await executeRollback(database, layout, { run, only }, options, () => {})).takenBack;
}

/** A card of the run, and all it takes to find it again. */
interface Card {
  readonly run: string;
  readonly position: string;
  readonly operator: string;
  readonly card: string;
  readonly lastName: string;
}

async function firstCard({ database, layout }: Subject, run: string): Promise<Card> {
  const { dialect: sql } = database;
  const [row] = await database.snapshot((session) =>
    session.rows<Omit<Card, 'run'>>(
      `SELECT ${sql.text('c.position')} AS position, c.operator, c.person AS card, p.last_name AS ${sql.identifier('lastName')}
         FROM ${sql.journal('change')} AS c
         JOIN person AS p ON p.id = ${sql.asKey('c.person', layout.personKey)}
        WHERE c.action = 'create' AND p.first_name IS NOT NULL AND p.email IS NOT NULL
          AND OCTET_LENGTH(p.last_name) = CHAR_LENGTH(p.last_name)
        ORDER BY c.position LIMIT 1`,
    ),
  );
  if (row === undefined) throw new Error('the sample has no operator that fits');
  return { run, ...row };
}

function textsOf(verification: Verification): Record<string, string[]> {
  const violated = verification.checks.filter(({ violationCount }) => violationCount > 0);
  return Object.fromEntries(
    violated.map(({ name, violations }) => [name, violations.map(({ text }) => text)]),
  );
}

/** A person that nobody is linked to, and that is nobody's candidate. */
const STRANGER = '0b000000-0000-4000-8000-0000000000ff';
const NEWCOMER = '0a000000-0000-4000-8000-0000000000ff';

const insertStranger = `INSERT INTO person (id, last_name, branch_id, ssp_access, selectable_as_caller, archived, anonymized)
  SELECT '${STRANGER}', 'Stranger', branch_id, TRUE, TRUE, FALSE, FALSE FROM operator WHERE id = '${FREED}'`;
const insertNewcomer = `INSERT INTO operator (id, kind, last_name, branch_id, api_account, demo_account, archived, anonymized)
  SELECT '${NEWCOMER}', 'operator', 'Newcomer', branch_id, FALSE, FALSE, FALSE, FALSE FROM operator WHERE id = '${FREED}'`;

/** Each breaks one invariant by plain SQL; what is found, check by check. */
const breaks: readonly {
  what: string;
  by(card: Card, database: Database): string[];
  found(card: Card): Record<string, string[]>;
}[] = [
  {
    what: 'a person with two operators',
    by: ({ card }) => [`UPDATE operator SET person_id = '${card}' WHERE id = '${FREED}'`],
    found: ({ operator, card }) => ({
      'one-operator-per-person': [
        `Person ${card} is linked to 2 operators instead of one: ${[FREED, operator].toSorted().join(', ')}.`,
      ],
    }),
  },
  {
    what: 'an operator that is linked to a person that does not exist',
    by: () => [`UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${FREED}'`],
    found: () => ({
      'every-operator-linked': [
        `Operator ${FREED} is linked to the person ${STRANGER}, which does not exist.`,
      ],
    }),
  },
  {
    what: 'an operator that came later',
    by: () => [insertNewcomer],
    found: ({ run }) => ({
      'every-operator-linked': [
        `Operator ${NEWCOMER} is not linked to a person, and run ${run} left no word about it: it came later, or lost its link since.`,
      ],
    }),
  },
  {
    what: 'a card with access to the SSP',
    by: ({ card }) => [`UPDATE person SET ssp_access = TRUE WHERE id = '${card}'`],
    found: ({ operator, card }) => ({
      'card-denied-ssp': [expect.stringContaining(`Card ${card} of operator ${operator}: ssp_access is `)],
    }),
  },
  {
    what: 'a card that can be selected as caller',
    by: ({ card }) => [`UPDATE person SET selectable_as_caller = TRUE WHERE id = '${card}'`],
    found: ({ operator, card }) => ({
      'card-denied-caller': [
        expect.stringContaining(`Card ${card} of operator ${operator}: selectable_as_caller is `),
      ],
    }),
  },
  {
    what: 'a card that was deleted',
    by: ({ card }) => [`DELETE FROM person WHERE id = '${card}'`],
    found: ({ run, operator, card }) => ({
      'every-operator-linked': [
        `Operator ${operator} is linked to the person ${card}, which does not exist.`,
      ],
      'card-exists': [`Card ${card}, created by run ${run} for operator ${operator}, does not exist.`],
    }),
  },
  {
    what: 'fields that differ in capitals, in a blank at the end, and in being empty',
    by: ({ card }) => [
      `UPDATE person SET last_name = UPPER(last_name), first_name = CONCAT(first_name, ' '), email = NULL WHERE id = '${card}'`,
    ],
    found: ({ operator, card, lastName }) => ({
      'card-equals-operator': [
        expect.stringMatching(
          `Card ${card} of operator ${operator}: first_name is "(.*) " and should be "\\1", as first_name of the operator.`,
        ),
        `Card ${card} of operator ${operator}: last_name is "${lastName.toUpperCase()}" and should be "${lastName}", as last_name of the operator.`,
        expect.stringMatching(
          `Card ${card} of operator ${operator}: email is empty \\(NULL\\) and should be ".+", as email of the operator.`,
        ),
      ],
    }),
  },
  {
    what: 'an operator that is linked to another person',
    by: ({ operator }) => [
      insertStranger,
      `UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${operator}'`,
    ],
    found: ({ run, operator, card }) => ({
      'link-as-journaled': [
        `Operator ${operator}, which run ${run} linked to person ${card}, is linked to person ${STRANGER}.`,
      ],
    }),
  },
  {
    what: 'an operator that lost its link',
    by: ({ operator }) => [`UPDATE operator SET person_id = NULL WHERE id = '${operator}'`],
    found: ({ run, operator, card }) => ({
      'every-operator-linked': [expect.stringContaining(`Operator ${operator} is not linked to a person`)],
      'link-as-journaled': [
        `Operator ${operator}, which run ${run} linked to person ${card}, is no longer linked.`,
      ],
    }),
  },
  {
    what: 'an operator that was deleted',
    by: ({ operator }) => [
      `UPDATE incident SET operator_id = NULL WHERE operator_id = '${operator}'`,
      `DELETE FROM operator WHERE id = '${operator}'`,
    ],
    found: ({ run, operator, card }) => ({
      'link-as-journaled': [
        `Operator ${operator}, which run ${run} linked to person ${card}, was deleted since.`,
      ],
    }),
  },
  {
    what: 'a decision that was altered',
    by: ({ operator }, { dialect: sql }) => [
      `UPDATE ${sql.journal('decision')} SET reason = 'match' WHERE operator = '${operator}'`,
    ],
    found: ({ run, position, operator }) => ({
      'journal-seals': [
        `The decision ${position} of run ${run}, about operator ${operator}, was altered: its seal does not fit.`,
      ],
    }),
  },
  {
    what: 'a decision that was deleted',
    by: ({ operator }, { dialect: sql }) => [
      `DELETE FROM ${sql.journal('decision')} WHERE operator = '${operator}'`,
    ],
    found: ({ run, position, operator }) => ({
      'journal-seals': [
        expect.stringMatching(`Run ${run} was planned with \\d+ decisions; the journal holds \\d+.`),
        expect.stringMatching(
          `Run ${run} was planned with \\d+ decisions with an action; the journal holds \\d+.`,
        ),
        `The change ${position} of run ${run}, about operator ${operator}, has no decision that asks for it.`,
      ],
    }),
  },
  {
    what: 'a change with something else in place of a key',
    by: ({ operator }, { dialect: sql }) => [
      `UPDATE ${sql.journal('change')} SET person = 'forged''"' WHERE operator = '${operator}'`,
    ],
    found: ({ run, position, operator, card }) => ({
      'card-exists': [`Card forged'", created by run ${run} for operator ${operator}, does not exist.`],
      'link-as-journaled': [
        `Operator ${operator}, which run ${run} linked to person forged'", is linked to person ${card}.`,
      ],
      'journal-seals': [
        `The change ${position} of run ${run}, about operator ${operator}, was altered: its seal does not fit.`,
      ],
    }),
  },
  {
    what: 'a change that was deleted',
    by: ({ operator }, { dialect: sql }) => [
      `DELETE FROM ${sql.journal('change')} WHERE operator = '${operator}'`,
    ],
    found: ({ run, position, operator }) => ({
      'journal-seals': [
        `The change ${position} of run ${run}, about operator ${operator}, is missing: the run came to its end and decided on it.`,
      ],
    }),
  },
  {
    what: 'a change that was added',
    by: ({ position }, { dialect: sql }) => [
      `INSERT INTO ${sql.journal('change')} (run_id, position, operator, action, person, state, changed_at, seal)
       SELECT run_id, 9999, '${FREED}', action, person, 'stale', changed_at, seal FROM ${sql.journal('change')} WHERE position = ${position}`,
    ],
    found: ({ run }) => ({
      'journal-seals': [
        `The change 9999 of run ${run}, about operator ${FREED}, was altered: its seal does not fit.`,
        `The change 9999 of run ${run}, about operator ${FREED}, has no decision that asks for it.`,
      ],
    }),
  },
  {
    what: 'a run that was deleted',
    by: (_, { dialect: sql }) => [`UPDATE ${sql.journal('decision')} SET run_id = 'gone' WHERE position = 1`],
    found: () => ({
      'journal-seals': expect.arrayContaining([
        'The journal holds rows of run gone, but not the run itself.',
      ]),
    }),
  },
];

describe.each(databases)('a verification on $name', (underTest) => {
  it('finds nothing wrong after a migration, and counts everybody', async () => {
    const subject = await opened(underTest, { onMatch: 'link' });
    await migrate(subject);
    const verification = await (await subject.reopened('read')).verify();
    expect(textsOf(verification)).toEqual({});
    expect(verification.checks[0]?.title).toBe(
      'Every human operator is linked to a person that exists, or accounted for',
    );
    expect(verification.counts).toEqual({ operators: 311, linked: 245, review: 66, skipped: 0, open: 0 });
    expect(verification.checks.map(({ name, checked }) => [name, checked])).toEqual([
      ['every-operator-linked', 311],
      ['one-operator-per-person', expect.any(Number)],
      ['card-exists', 98],
      ['card-denied-ssp', 98],
      ['card-denied-caller', 98],
      ['card-equals-operator', 98 * 15],
      ['link-as-journaled', 139],
      ['journal-seals', 330 + 139],
    ]);
  });

  it.each(breaks)('finds $what', async ({ by, found }) => {
    const subject = await opened(underTest);
    const card = await firstCard(subject, await migrate(subject));
    for (const statement of by(card, subject.database)) await subject.run(statement);
    expect(textsOf(await subject.verify())).toEqual(found(card));
  });

  it('takes whoever is under review for a violation only when all have to be complete', async () => {
    const subject = await opened(underTest);
    const run = await migrate(subject);
    const { counts } = await subject.verify();
    const [linked] = (await subject.verify({ complete: true })).checks;
    expect(linked?.violationCount).toBe(counts.review);
    expect(counts.review).toBeGreaterThan(100);
    expect(linked?.violations).toHaveLength(100);
    expect(linked?.violations.map(({ text }) => text)).toContain(
      `Operator ${FREED} is not linked to a person; run ${run} left it for review: exactly one person shares its keys.`,
    );
  });

  it('asks nothing for operators that the policies skip', async () => {
    const subject = await opened(underTest, { archivedOperators: 'skip' });
    await migrate(subject);
    await subject.run(`UPDATE operator SET archived = TRUE WHERE id = '${FREED}'`);
    const { checks, counts } = await subject.verify({ complete: true });
    expect(counts.skipped).toBeGreaterThan(1);
    expect(checks[0]?.violations.map(({ operator }) => operator)).not.toContain(FREED);
  });

  it('counts as open what a run left because it had changed', async () => {
    const subject = await opened(underTest, { onMatch: 'link' });
    const card = await firstCard(subject, await migrate(subject));
    await subject.run(`UPDATE operator SET person_id = NULL WHERE id = '${card.operator}'`);
    await subject.run(
      `UPDATE ${subject.database.dialect.journal('change')} SET state = 'stale', reason = 'the operator was changed in the meantime' WHERE operator = '${card.operator}'`,
    );
    const verification = await subject.verify();
    expect(verification.counts.open).toBe(1);
    expect(Object.keys(textsOf(verification))).toEqual(['journal-seals']);
    expect(textsOf(await subject.verify({ complete: true }))['every-operator-linked']).toContain(
      `Operator ${card.operator} is not linked to a person; run ${card.run} left it: the operator was changed in the meantime.`,
    );
  });

  it('looks at every run, and of each operator at its latest change', async () => {
    const before = await opened(underTest);
    const first = await migrate(before);
    await before.run(insertNewcomer);
    const subject = await before.reopened('write');
    const second = await migrate(subject);
    expect(second).not.toBe(first);
    const verification = await subject.verify();
    expect(textsOf(verification)).toEqual({});
    expect(verification.checks.find(({ name }) => name === 'card-exists')?.checked).toBe(99);
    const ofSecond = await subject.verify({ run: second });
    expect(ofSecond.checks.find(({ name }) => name === 'card-exists')?.checked).toBe(1);
    await expect(subject.verify({ run: 'nobody' })).rejects.toThrow('no planned run nobody');
  });

  it('goes on checking a card that a rollback kept, until it is cleaned up', async () => {
    const subject = await opened(underTest);
    const run = await migrate(subject);
    const { operator, card, lastName } = await firstCard(subject, run);
    await subject.run(`UPDATE person SET last_name = 'Edited' WHERE id = '${card}'`);
    const edited = {
      'card-equals-operator': [
        `Card ${card} of operator ${operator}: last_name is "Edited" and should be "${lastName}", as last_name of the operator.`,
      ],
    };
    expect(textsOf(await subject.verify())).toEqual(edited);
    expect(await rollBack(subject, run)).toMatchObject({ kept: 1 });
    const kept = await subject.verify();
    expect(textsOf(kept)).toEqual(edited);
    expect(kept.checks.find(({ name }) => name === 'card-exists')?.checked).toBe(1);

    await subject.run(
      `UPDATE person SET last_name = '${lastName}', ssp_access = TRUE, selectable_as_caller = TRUE WHERE id = '${card}'`,
    );
    const granted = {
      'card-denied-ssp': [expect.stringContaining(`Card ${card} of operator ${operator}: ssp_access is `)],
      'card-denied-caller': [
        expect.stringContaining(`Card ${card} of operator ${operator}: selectable_as_caller is `),
      ],
    };
    expect(textsOf(await subject.verify())).toEqual(granted);
    expect(textsOf(await subject.verify({ run }))).toEqual(granted);
    await subject.run(`UPDATE operator SET person_id = NULL WHERE id = '${operator}'`);
    expect(Object.keys(textsOf(await subject.verify()))).toEqual([
      ...Object.keys(granted),
      'link-as-journaled',
    ]);
    await subject.run(`DELETE FROM person WHERE id = '${card}'`);
    expect(textsOf(await subject.verify())).toEqual({});
  });

  it('knows of a link that a rollback left that it is not the one of the run', async () => {
    const subject = await opened(underTest, { onMatch: 'link' });
    const run = await migrate(subject);
    const { dialect: sql } = subject.database;
    const [linked] = await subject.database.snapshot((session) =>
      session.rows<{ operator: string }>(
        `SELECT operator FROM ${sql.journal('change')} WHERE action = 'link' ORDER BY position LIMIT 1`,
      ),
    );
    await subject.run(insertStranger);
    await subject.run(`UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${linked?.operator}'`);
    expect(Object.keys(textsOf(await subject.verify()))).toEqual(['link-as-journaled']);
    expect(await rollBack(subject, run)).toMatchObject({ kept: 1 });
    expect(textsOf(await subject.verify())).toEqual({});
  });

  it('says of an operator without a link that what was done for it was taken back, and by which run', async () => {
    const before = await opened(underTest, { onMatch: 'link' });
    const first = await migrate(before);
    const { operator } = await firstCard(before, first);
    await before.run(insertNewcomer);
    const subject = await before.reopened('write');
    // It finds the operator linked, and has nothing to say of it.
    const second = await migrate(subject);
    await rollBack(subject, first, operator);
    for (const run of [first, second]) {
      const complete = textsOf(await subject.verify({ run, complete: true }))['every-operator-linked'];
      expect(complete).toContain(
        `Operator ${operator} is not linked to a person: what run ${first} did for it was taken back.`,
      );
    }
    const verification = await subject.verify();
    expect(textsOf(verification)).toEqual({});
    expect(verification.counts.open).toBe(1);

    // What loses its link after another run has made one was not taken back.
    const last = await subject.reopened('write');
    const third = await migrate(last);
    await last.run(`UPDATE operator SET person_id = NULL WHERE id = '${operator}'`);
    expect(textsOf(await last.verify())['every-operator-linked']).toEqual([
      `Operator ${operator} is not linked to a person, and run ${third} left no word about it: it came later, or lost its link since.`,
    ]);
  });

  it('works without a journal', async () => {
    const subject = await opened(underTest);
    const { checks, counts } = await subject.verify();
    expect(counts).toEqual({ operators: 311, linked: 106, review: 0, skipped: 0, open: 205 });
    const [linked, ...others] = checks;
    expect(linked?.violations).toHaveLength(5);
    expect(linked?.violations[0]?.text).toMatch('which does not exist.');
    expect(others.filter(({ violationCount }) => violationCount > 0)).toEqual([]);
    const complete = await subject.verify({ complete: true });
    expect(complete.checks[0]?.violationCount).toBe(205);
  });
});
