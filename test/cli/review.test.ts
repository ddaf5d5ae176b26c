import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/output/csv-table.js';
import type { CliResult } from '../support/cli.js';
import { contents } from '../support/contents.js';
import { databases, serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, rowsOf, together, writingNothing } from '../support/on-database.js';
import { expectations, operatorKey, personKey } from '../support/sample.js';
import { cast } from './cast.js';

const FILE = 'decisions.csv';

const MATCH = operatorKey(50);
const TO_BE_LINKED = operatorKey(90);
const TO_BE_CREATED = operatorKey(51);
const SKIPPED = operatorKey(52);
const MACHINE = operatorKey(53);
const WITHOUT_CANDIDATE = operatorKey(170);
const DECIDED = [TO_BE_LINKED, TO_BE_CREATED, SKIPPED, MACHINE, WITHOUT_CANDIDATE];
/** Of two candidates. */
const CHOSEN = personKey(290);
/** Nobody is linked to it, and it shares no key with the operator that it is given to. */
const STRANGER = personKey(54);

type Line = readonly [operator: string, decision: string, person?: string, who?: string, note?: string];

const DECISIONS: readonly Line[] = [
  [TO_BE_LINKED, 'link', CHOSEN, 'Anna', 'asked her; =1+1'],
  [TO_BE_CREATED, 'create', '', 'Zoë'],
  [SKIPPED, 'skip', '', 'Anna', '-x'],
  [MACHINE, ' API-Account', '', 'Zoë'],
  [WITHOUT_CANDIDATE, 'link', STRANGER, 'Anna'],
];

/** As a spreadsheet of a European locale saves it. */
async function fill(database: TestDatabase, lines: readonly Line[], file = FILE): Promise<string> {
  const cell = (text: string) => (/[";\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = lines.map(([operator, decision, person = '', who = '', note = '']) =>
    [who, 'x', operator, decision, person, note].map(cell).join(';'),
  );
  const text = `who;name;operator;decision;person;note\r\n${rows.join('\r\n')}\r\n`;
  await writeFile(join(database.folder, file), text);
  return createHash('sha256').update(text).digest('hex');
}

const run = (database: TestDatabase, ...more: string[]) =>
  onecardOn(database, ['migrate', '--yes', '--json', '--quiet', ...more]);

const planned = async (database: TestDatabase, ...more: string[]) => {
  const result = await onecardOn(database, ['migrate', '--dry-run', '--json', ...more]);
  expect(result.code, result.stderr).toBe(0);
  const { operators } = JSON.parse(result.stdout) as { operators: Planned[] };
  return new Map(operators.map((each) => [each.operator, each]));
};

interface Planned {
  readonly operator: string;
  readonly decision: string;
  readonly action: string;
  readonly reason: string;
  readonly person: string | null;
  readonly finding: string | null;
  readonly evidence: object[];
}

const outcomes = (plan: Map<string, Planned>, operators: readonly string[]) =>
  operators.map((operator) => {
    const { decision, action, reason, person } = plan.get(operator) ?? expect.fail(operator);
    return [decision, action, reason, person];
  });

const done = ({ code, stdout, stderr }: CliResult) => {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

describe.each(databases)('human decisions on $name', ({ fresh, kind }) => {
  it('are asked for in a file with every case, its candidates side by side', async () => {
    const database = await fresh(cast);
    const result = await writingNothing(database, () =>
      onecardOn(database, ['review', '--output', FILE, '--quiet']),
    );
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    const path = join(database.folder, FILE);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const bytes = await readFile(path);
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from('\ufeff'));
    const shown = ['name', 'reason', 'evidence', 'decision', 'person', 'who', 'note', 'candidates'];
    const sides = ['operator: email', 'candidate 1: email', 'candidate 2: email', 'candidate 2 name'];
    const candidates = [1, 2, 3, 4, 5].map((n) => `candidate ${n}`);
    const keys = ['operator', ...candidates];
    const rows = readCsv(bytes, FILE, [...keys, ...shown, ...sides], keys).map(({ cells }) => cells);
    expect(rows.map(({ operator }) => operator)).toEqual(
      expectations
        .filter(({ decision }) => decision === 'review' || decision === 'match')
        .map(({ operator }) => operator)
        .filter((operator) => operator.startsWith('0a')),
    );
    expect(rows.find(({ operator }) => operator === TO_BE_LINKED)).toEqual({
      operator: TO_BE_LINKED,
      name: 'Eva Maas',
      reason: 'one key hits several persons',
      evidence: 'email "eva.maas@example.com" is the same on 2 persons',
      decision: '',
      person: '',
      who: '',
      note: '',
      candidates: '2',
      'candidate 1': personKey(90),
      'candidate 2': CHOSEN,
      'candidate 3': '',
      'candidate 4': '',
      'candidate 5': '',
      'operator: email': 'eva.maas@example.com',
      'candidate 1: email': 'eva.maas@example.com',
      'candidate 2: email': 'eva.maas@example.com',
      'candidate 2 name': 'Eva Maas-Peer',
    });
    const crowd = rows.find(({ operator }) => operator === operatorKey(91));
    expect(crowd).toMatchObject({ candidates: '25', 'candidate 5': expect.stringMatching(/./) });

    const again = await onecardOn(database, ['review', '--output', FILE]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(path)).toEqual(bytes);
    // As it was written, everything is open.
    const checked = await onecardOn(database, ['review', '--check', FILE, '--json']);
    expect(done(checked)).toMatchObject({ open: rows.length, problems: [] });
  }, 120_000);

  it('are shown, carried out, proved and remembered', async () => {
    const database = await fresh(cast);
    const digest = await fill(database, [...DECISIONS, [operatorKey(91), '', '', '', 'still asking']]);
    const plan = await writingNothing(database, () => planned(database, '--decisions', FILE));
    expect(outcomes(plan, DECIDED)).toEqual([
      ['match', 'link', 'decided', CHOSEN],
      ['create', 'create', 'decided', personKey(51)],
      ['skip', 'none', 'decided', personKey(52)],
      ['skip', 'none', 'decided', personKey(53)],
      ['match', 'link', 'decided', STRANGER],
    ]);
    expect(plan.get(TO_BE_LINKED)?.evidence.at(-1)).toEqual({
      decided: 'link',
      who: 'Anna',
      note: 'asked her; =1+1',
    });
    // That person belongs to somebody now.
    expect(outcomes(plan, [operatorKey(54)])).toEqual([['review', 'none', 'taken', STRANGER]]);

    const summary = done(await run(database, '--decisions', FILE));
    expect(summary).toMatchObject({
      linked: 2,
      violations: 0,
      closing: { lateCandidates: { count: 0 } },
      humanDecisions: { digest, decisions: 5, who: ['Anna', 'Zoë'] },
    });
    const operators = rowsOf(await together(database, contents), 'operator');
    const links = DECIDED.map((operator) => operators.get(operator)?.['person_id']);
    expect(links).toEqual([CHOSEN, expect.any(String), null, null, STRANGER]);
    expect(links[1]).not.toBe(personKey(51));

    const audit = await readFile(join(database.folder, summary.report, 'audit.ndjson'), 'utf8');
    const [head, ...lines] = audit.trimEnd().split('\n');
    expect(JSON.parse(head ?? '').humanDecisions).toEqual({ digest, decisions: 5 });
    const skipped = lines.map((line) => JSON.parse(line)).find(({ operator }) => operator === SKIPPED);
    expect(skipped).toMatchObject({ reason: 'decided' });
    expect(skipped.evidence).toContainEqual({ decided: 'skip', who: 'Anna', note: '-x' });

    // Without the file, and with it once more, there is nothing left to do.
    const later = await planned(database);
    expect(outcomes(later, [SKIPPED, MACHINE])).toEqual([
      ['skip', 'none', 'decided', personKey(52)],
      ['skip', 'none', 'decided', personKey(53)],
    ]);
    // Somebody knew that there is another person.
    expect(later.get(TO_BE_CREATED)).toMatchObject({ decision: 'linked', finding: null });
    expect(done(await run(database))).toMatchObject({ run: null });
    expect(done(await run(database, '--decisions', FILE))).toMatchObject({ run: null });
    const checked = done(await onecardOn(database, ['review', '--check', FILE, '--json']));
    expect(checked).toMatchObject({ digest, problems: [], known: 5, open: 1 });

    expect((await onecardOn(database, ['verify'])).code).toBe(0);
    const complete = await onecardOn(database, ['verify', '--complete', '--json']);
    expect(complete.code).toBe(3);
    expect(JSON.parse(complete.stdout)).toMatchObject({ counts: { skipped: 2 } });

    const report = await onecardOn(database, ['report', '--format', 'json']);
    const rows = new Map(done(report).map((row: { operator: string }) => [row.operator, row]));
    expect(rows.get(SKIPPED)).toMatchObject({ reason: 'decided', decidedBy: 'Anna', person: null });
    expect(rows.get(TO_BE_LINKED)).toMatchObject({ reason: 'decided', decidedBy: 'Anna', person: CHOSEN });
    expect(rows.get(MATCH)).toMatchObject({ reason: 'match', decidedBy: null });

    // Whoever alters what somebody has decided is found out.
    await database.query(
      `UPDATE ${journalTable(kind, 'human_decision')} SET who = 'Eve' WHERE operator = '${SKIPPED}'`,
    );
    const altered = await onecardOn(database, ['verify']);
    expect(altered.code).toBe(3);
    expect(altered.stdout).toContain(`about operator ${SKIPPED}`);
  }, 240_000);
});

describe.each(serverDatabases)('a decisions file on $name', ({ fresh }) => {
  it('is checked line by line: everything that is wrong, with its row, and nothing is written', async () => {
    const database = await fresh(cast);
    await fill(database, [
      [MATCH, 'link', personKey(50), 'Anna'],
      ['4711', 'create', '', 'Anna'],
      [MATCH, 'skip', '', 'Anna'],
      [operatorKey(20), 'create', '', 'Anna'],
      [operatorKey(1), 'create', '', 'Anna'],
      [operatorKey(6), 'skip', '', 'Anna'],
      [operatorKey(41), 'create', '', 'Anna'],
      [operatorKey(54), 'lnk', personKey(54), 'Anna'],
      [operatorKey(55), 'perhaps', '', 'Anna'],
      [operatorKey(56), 'link', '', 'Anna'],
      [operatorKey(57), 'create', personKey(57), 'Anna'],
      [operatorKey(58), 'link', '0b000000-0000-4000-8000-00000000ffff', 'Anna'],
      [operatorKey(59), 'link', 'no key', 'Anna'],
      [operatorKey(60), 'link', personKey(20), 'Anna'],
      [operatorKey(61), 'link', personKey(50), 'Anna'],
      [operatorKey(62), 'skip', '', ' '],
      [operatorKey(165), 'create', '', 'Anna'],
      [operatorKey(63), '', personKey(63), 'Anna'],
      ['', 'skip', '', 'Anna'],
      [operatorKey(64), 'skip', '', 'Anna', 'n'.repeat(1001)],
      [operatorKey(65), '', '', 'Anna'],
      ['', '', '', '', ''],
      [operatorKey(66), '', '', '', 'a note alone'],
      [operatorKey(67), 'undecided', '', 'Anna'],
    ]);
    const result = await writingNothing(database, () =>
      onecardOn(database, ['review', '--check', FILE, '--json']),
    );
    expect(result.code, result.stderr).toBe(2);
    const { problems, open } = JSON.parse(result.stdout);
    expect(problems.map(({ row, kind: what }: { row: number; kind: string }) => [row, what])).toEqual([
      [3, 'unknown-operator'],
      [4, 'repeated-operator'],
      [5, 'linked-by-now'],
      [6, 'not-under-review'],
      [7, 'not-under-review'],
      [8, 'broken-link'],
      [9, 'unknown-decision'],
      [10, 'unknown-decision'],
      [11, 'no-person'],
      [12, 'needless-person'],
      [13, 'unknown-person'],
      [14, 'unknown-person'],
      [15, 'person-linked'],
      [16, 'person-twice'],
      [17, 'no-who'],
      [18, 'does-not-fit'],
      [19, 'no-decision'],
      [20, 'no-operator'],
      [21, 'too-long'],
    ]);
    expect(open).toBe(2);
    const texts = problems.map(({ text }: { text: string }) => text).join('\n');
    for (const words of [
      'There is no operator "4711".',
      `The operator "${MATCH}" is in row 2 already.`,
      `The operator "${operatorKey(20)}" is linked to the person "${personKey(20)}" by now.`,
      'is not under review: flagged as an API account',
      '"lnk" is no decision; did you mean link?',
      '"perhaps" is no decision: it has to be link, create, skip, api-account or undecided.',
      `The person "${personKey(20)}" is linked to the operator "${operatorKey(20)}" by now.`,
      `The person "${personKey(50)}" is given to the operator in row 2 already.`,
      'longer than',
    ])
      expect(texts).toContain(words);

    for (const args of [
      ['migrate', '--yes', '--decisions', FILE],
      ['migrate', '--dry-run', '--decisions', FILE],
    ]) {
      const refused = await writingNothing(database, () => onecardOn(database, args));
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('has 19 problems');
      expect(refused.stderr).toContain('row 13: There is no person');
    }
    const shown = await onecardOn(database, ['review', '--check', FILE]);
    expect(shown.code).toBe(2);
    expect(shown.stdout).toContain('row 9: "lnk" is no decision; did you mean link?\n');
  }, 120_000);

  it('is told which of the new cards a unique index allows only once, as the dry run knows', async () => {
    const database = await fresh(cast);
    const [first, second, skipped, alone, late] = [50, 51, 52, 54, 55].map(operatorKey);
    for (const statement of [
      'UPDATE person SET mobile = NULL',
      'CREATE UNIQUE INDEX person_mobile ON person (mobile)',
      'UPDATE operator SET mobile = NULL',
      `UPDATE operator SET mobile = '1' WHERE id IN ('${first}', '${second}', '${skipped}')`,
      `UPDATE operator SET mobile = '2' WHERE id = '${alone}'`,
      // The other gets a card without being asked for.
      `UPDATE operator SET mobile = '3' WHERE id IN ('${late}', '${WITHOUT_CANDIDATE}')`,
    ])
      await database.query(statement);
    const lines = [first, second, alone, late].map(
      (operator = '') => [operator, 'create', '', 'Anna'] as const,
    );
    await fill(database, [...lines, [skipped ?? '', 'skip', '', 'Anna']]);
    const result = await writingNothing(database, () =>
      onecardOn(database, ['review', '--check', FILE, '--json']),
    );
    expect(result.code, result.stderr).toBe(2);
    const text = (mobile: string) =>
      `A new card cannot hold mobile "${mobile}": another operator's card would have the same, and person_mobile allows it once.`;
    expect(JSON.parse(result.stdout).problems).toEqual([
      { row: 2, operator: first, kind: 'does-not-fit', text: text('1') },
      { row: 3, operator: second, kind: 'does-not-fit', text: text('1') },
      { row: 5, operator: late, kind: 'does-not-fit', text: text('3') },
    ]);
    await fill(database, [
      [first ?? '', 'create', '', 'Anna'],
      [second ?? '', 'skip', '', 'Anna'],
      [alone ?? '', 'create', '', 'Anna'],
    ]);
    expect(done(await onecardOn(database, ['review', '--check', FILE, '--json'])).problems).toEqual([]);
    expect(done(await run(database, '--decisions', FILE))).toMatchObject({ violations: 0 });
  }, 120_000);

  it('overrides what an older one says, and can take it back', async () => {
    const database = await fresh(cast);
    await fill(database, [
      [SKIPPED, 'skip', '', 'Anna'],
      [MACHINE, 'api-account', '', 'Anna'],
      [TO_BE_LINKED, 'skip', '', 'Anna'],
    ]);
    done(await run(database, '--decisions', FILE));
    await fill(
      database,
      [
        [SKIPPED, 'link', personKey(52), 'Ben'],
        [MACHINE, 'undecided', '', 'Ben'],
        [TO_BE_LINKED, '', '', 'Ben'],
      ],
      'newer.csv',
    );
    const operators = [SKIPPED, MACHINE, TO_BE_LINKED];
    const expected = [
      ['match', 'link', 'decided', personKey(52)],
      ['match', 'none', 'match', personKey(53)],
      ['skip', 'none', 'decided', null],
    ];
    expect(outcomes(await planned(database, '--decisions', 'newer.csv'), operators)).toEqual(expected);
    expect(outcomes(await planned(database), [SKIPPED])).toEqual([
      ['skip', 'none', 'decided', personKey(52)],
    ]);
    expect(done(await run(database, '--decisions', 'newer.csv'))).toMatchObject({
      linked: 1,
      humanDecisions: { decisions: 2, who: ['Ben'] },
    });
    const later = await planned(database);
    expect(later.get(SKIPPED)).toMatchObject({ decision: 'linked', person: personKey(52) });
    expect(outcomes(later, [MACHINE, TO_BE_LINKED])).toEqual(expected.slice(1));
    expect((await onecardOn(database, ['verify'])).code).toBe(0);
    // Where nothing is left to be written, a decision is kept all the same.
    await fill(database, [[MACHINE, 'skip', '', 'Ben']], 'last.csv');
    const kept = done(await run(database, '--decisions', 'last.csv'));
    expect(kept).toMatchObject({ created: 0, linked: 0, humanDecisions: { decisions: 1 } });
    await fill(database, [[MACHINE, 'undecided', '', 'Ben']], 'last.csv');
    done(await run(database, '--decisions', 'last.csv'));
    const cases = await onecardOn(database, ['review', '--json']);
    const asked = done(cases).cases.map(({ operator }: { operator: string }) => operator);
    expect(asked).toContain(MACHINE);
    expect(asked).not.toContain(TO_BE_LINKED);
  }, 120_000);

  it('gives a person to nobody else: not to the operator whose keys it shares, nor by another file', async () => {
    const database = await fresh(cast);
    const last = operatorKey(171);
    await fill(database, [[last, 'link', personKey(50), 'Anna']]);
    const plan = await planned(database, '--decisions', FILE, '--on-match', 'link');
    expect(outcomes(plan, [last, MATCH])).toEqual([
      ['match', 'link', 'decided', personKey(50)],
      ['review', 'none', 'taken', personKey(50)],
    ]);
    // A run that stops before it comes to anybody has taken the decision nevertheless.
    const stopped = await run(database, '--decisions', FILE, '--limit', '1', '--batch-size', '1');
    expect(stopped.code).toBe(1);
    await fill(database, [[MATCH, 'link', personKey(50), 'Ben']], 'other.csv');
    const checked = await onecardOn(database, ['review', '--check', 'other.csv']);
    expect(checked.code).toBe(2);
    expect(checked.stdout).toContain(`was given to the operator "${last}" by "Anna"`);

    // What was cut short goes on with its own file, or without, and with no other.
    await fill(database, [[operatorKey(54), 'skip', '', 'Ben']], 'other.csv');
    const refused = await run(database, '--decisions', 'other.csv');
    expect(refused.code, refused.stderr).toBe(2);
    expect(refused.stderr).toContain('was started with another decisions file');
    expect(done(await run(database, '--decisions', FILE))).toMatchObject({ linked: 1, violations: 0 });
  }, 120_000);

  it('is remembered only as long as it can be done: then a human has to decide anew', async () => {
    const database = await fresh(cast);
    await fill(database, [
      [TO_BE_LINKED, 'link', CHOSEN, 'Anna'],
      [WITHOUT_CANDIDATE, 'link', STRANGER, 'Anna'],
    ]);
    const { run: id } = done(await run(database, '--decisions', FILE));
    const rollback = await onecardOn(database, ['rollback', id, '--yes']);
    expect(rollback.code, rollback.stderr).toBe(0);
    expect(outcomes(await planned(database), [TO_BE_LINKED, WITHOUT_CANDIDATE])).toEqual([
      ['match', 'link', 'decided', CHOSEN],
      ['match', 'link', 'decided', STRANGER],
    ]);
    await database.query(`UPDATE incident SET caller_id = '${personKey(90)}' WHERE caller_id = '${CHOSEN}'`);
    await database.query(`DELETE FROM person WHERE id = '${CHOSEN}'`);
    await database.query(`UPDATE operator SET person_id = '${STRANGER}' WHERE id = '${operatorKey(172)}'`);
    expect(outcomes(await planned(database), [TO_BE_LINKED, WITHOUT_CANDIDATE])).toEqual([
      ['review', 'none', 'lapsed', personKey(90)],
      ['review', 'none', 'lapsed', null],
    ]);
  }, 120_000);

  it('can be read by a user who may only read, and by nobody who may not see the journal', async () => {
    const database = await fresh(cast);
    await fill(database, DECISIONS);
    done(await run(database, '--decisions', FILE));
    const reader = await database.createRole();
    const grants = done(await onecardOn(database, ['grants', 'review', '--role', reader.name, '--json']));
    expect(JSON.stringify(grants)).toContain('human_decision');
    const env = { DATABASE_URL: reader.url };
    const refused = await onecardOn(database, ['review', '--json'], { env });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    for (const statement of grants.commands[0].statements) await database.query(statement);
    const result = await onecardOn(database, ['review', '--json'], { env });
    expect(result.code, result.stderr).toBe(0);
  }, 120_000);
});
