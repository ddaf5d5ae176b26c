import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_SIZE, sampleRows, sampleSchema } from '../../fixtures/sample/index.js';
import { keyPrefix, sampleKey } from '../../fixtures/sample/sql.js';
import { checkLayout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import { openDatabase } from '../../src/database/open.js';
import { type Scan, scanDatabase } from '../../src/scan/scan.js';
import { type DatabaseUnderTest, databases, type Template } from '../support/databases.js';

const sample: Template = {
  name: 'scanned-sample',
  async fill(query, kind) {
    for (const statement of sampleSchema(kind)) await query(statement);
    for (const statement of sampleRows(kind, STANDARD_SIZE)) await query(statement);
  },
};

/** Scans a fresh sample, changed before by these statements, in a session in which the database refuses writes. */
async function scanOf({ fresh }: DatabaseUnderTest, ...changes: string[]): Promise<Scan> {
  const place = await fresh(sample);
  for (const change of changes) await place.query(change);
  const { url, kind, folder } = place;
  const target = url === undefined ? ({ kind: 'embedded' } as const) : { kind, url };
  const database = await openDatabase(target, 'read', {}, folder);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= database.close());
  onTestFinished(close);
  const layout = await checkLayout(database, loadConfiguration(undefined));
  const scan = await database.snapshot((session) => scanDatabase(session, database, layout));
  await close();
  return scan;
}

const operator = (n: number) => sampleKey(keyPrefix.castOperator, n);
const person = (n: number) => sampleKey(keyPrefix.castPerson, n);
const keyOf = (scan: Scan, name: string) => scan.keys.find(({ key }) => key === name);

/** Service accounts of the cast that carry no flag. */
const UNFLAGGED = [85, 162, 163, 193, 194, 195];

/** So many more of them, each with its own login. */
const serviceAccounts = (count: number) =>
  `INSERT INTO operator (id, kind, login_name, last_name, branch_id, api_account, demo_account, archived, anonymized)
   VALUES ${Array.from({ length: count }, (_, at) => `('${operator(5000 + at)}', 'operator', 'svc-${at}', 'svc', '${sampleKey(keyPrefix.branch, 1)}', false, false, false, false)`).join(', ')}`;

describe.each(databases)('a scan on $name', (subject) => {
  it('counts rows, and human operators without a person', async () => {
    const scan = await scanOf(subject);
    // 204 = 330 rows less 19 that are no humans and 107 that are linked.
    expect(scan).toMatchObject({ operators: 330, persons: 1501, unlinked: 204 });
    expect(scan.tallies.reduce((sum, { operators }) => sum + operators, 0)).toBe(330);
  });

  it('says where the database has another idea of equality than the keys', async () => {
    const renamed = [
      ['JOSÉ', 162],
      ['jose', 163],
      ['anna', 193],
      ['Anna', 194],
    ].map(([login, n]) => `UPDATE operator SET login_name = '${login}' WHERE id = '${operator(Number(n))}'`);
    const fold =
      subject.kind === 'mysql'
        ? ['ALTER TABLE operator MODIFY login_name varchar(100) COLLATE utf8mb4_general_ci']
        : [];
    const { takenAsOne, toldApart } = keyOf(await scanOf(subject, ...fold, ...renamed), 'loginName')
      ?.operators.equality ?? { takenAsOne: null, toldApart: null };
    if (subject.kind === 'mysql') {
      expect(takenAsOne).toEqual({ values: 1, example: ['jose', 'josé'] });
      expect(toldApart).toBeNull();
    } else {
      expect(takenAsOne).toBeNull();
      expect(toldApart).toEqual({ values: 2, example: ['Anna', 'anna'] });
    }
  });

  it('measures how well each key tells cards apart', async () => {
    const scan = await scanOf(subject);
    expect(scan.keys.map(({ key }) => key)).toEqual([
      'loginName',
      'email',
      'employeeNumber',
      'networkLogin',
      'mainframeLogin',
    ]);
    // Humans: 311, six of them anonymized; persons: 1,501, four of them anonymized.
    expect(keyOf(scan, 'employeeNumber')).toMatchObject({
      operators: {
        column: 'employee_number',
        rows: 305,
        filled: 149,
        ignored: 7,
        distinct: 147,
        shared: 2,
        sharing: 4,
        mostShared: [
          { value: '10041', cards: 2 },
          { value: '10151', cards: 2 },
        ],
      },
      persons: {
        rows: 1497,
        ignored: 4,
        shared: 2,
        sharing: 4,
        mostShared: [
          { value: '4711', cards: 2 },
          { value: 'hr-0024', cards: 2 },
        ],
      },
    });
    expect(keyOf(scan, 'mainframeLogin')).toMatchObject({
      operators: { filled: 21, ignored: 4, distinct: 20, shared: 1, sharing: 2 },
      persons: { filled: 139, ignored: 1, distinct: 139, shared: 0, sharing: 0, mostShared: [] },
      verdict: 'weak',
    });
    expect(keyOf(scan, 'email')?.operators.mostShared).toEqual([
      { value: 'team.west@example.com', cards: 5 },
      { value: 'nils.berg@example.com', cards: 3 },
      { value: 'elin.dahl@example.com', cards: 2 },
    ]);
    expect(keyOf(scan, 'email')?.persons.mostShared.slice(0, 2)).toEqual([
      { value: 'nurses.pool@example.com', cards: 25 },
      { value: 'team.oost@example.com', cards: 3 },
    ]);
  });

  it('finds the API accounts that nobody flagged, and no human', async () => {
    const { likelyApiAccounts } = await scanOf(subject);
    expect(likelyApiAccounts.first.map((account) => account.operator)).toEqual(UNFLAGGED.map(operator));
    expect(likelyApiAccounts.count).toBe(UNFLAGGED.length);
  });

  it('lists the first hundred of them, and counts them all', async () => {
    const { likelyApiAccounts } = await scanOf(subject, serviceAccounts(99));
    expect(likelyApiAccounts.count).toBe(UNFLAGGED.length + 99);
    expect(likelyApiAccounts.first).toHaveLength(100);
  });

  it('names the unlinked persons beside a generated card', async () => {
    const { possibleDuplicates } = await scanOf(subject);
    expect(possibleDuplicates).toEqual({
      count: 4,
      first: [
        { operator: operator(23), name: 'Omar Saleh', person: person(23), candidates: [person(223)] },
        { operator: operator(24), name: 'Ruth Adler', person: person(24), candidates: [person(224)] },
        { operator: operator(30), name: 'Wouter Smits', person: person(30), candidates: [person(230)] },
        {
          operator: operator(32),
          name: 'Ines Prado',
          person: person(32),
          candidates: [person(232), person(432)],
        },
      ],
    });
  });

  it('leaves out a person who belongs to another operator', async () => {
    const link = `UPDATE operator SET person_id = '${person(432)}' WHERE id = '${operator(170)}'`;
    const { possibleDuplicates } = await scanOf(subject, link);
    expect(possibleDuplicates.first.at(-1)?.candidates).toEqual([person(232)]);
  });

  it('says that a link is not unique, and is silent where it is', async () => {
    const { schemaGaps } = await scanOf(subject);
    expect(schemaGaps).toEqual([
      expect.objectContaining({
        table: 'operator',
        column: 'person_id',
        holds: 'link',
        problem: 'not-unique',
      }),
    ]);
    const unique = 'CREATE UNIQUE INDEX one_operator ON operator (person_id)';
    expect((await scanOf(subject, unique)).schemaGaps).toEqual([]);
  });

  it('shows the statement that adds a missing column', async () => {
    const { schemaGaps, possibleDuplicates } = await scanOf(
      subject,
      'ALTER TABLE operator DROP COLUMN person_id',
    );
    expect(schemaGaps).toEqual([
      expect.objectContaining({
        column: 'person_id',
        problem: 'missing',
        sql: expect.stringMatching(/^ALTER TABLE .*operator.* ADD COLUMN IF NOT EXISTS .person_id. /),
      }),
    ]);
    expect(possibleDuplicates).toEqual({ count: 0, first: [] });
  });
});

it('finds the same on every database', async () => {
  const scans: object[] = [];
  for (const subject of databases) {
    const scan = await scanOf(subject);
    const tallies = scan.tallies.toSorted((one, other) =>
      JSON.stringify(one).localeCompare(JSON.stringify(other)),
    );
    // Which texts are equal is the server's own idea.
    const keys = scan.keys.map(({ operators, persons, ...key }) => ({
      ...key,
      operators: { ...operators, equality: undefined },
      persons: { ...persons, equality: undefined },
    }));
    scans.push({ ...scan, keys, tallies });
  }
  for (const scan of scans) expect(scan).toEqual(scans[0]);
});
