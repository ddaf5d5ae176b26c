import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { databases, serverDatabases, type Template, type TestDatabase } from '../support/databases.js';
import { onecardOn, together } from '../support/on-database.js';
import { type PlanLine, readPlanFile } from '../support/plan-file.js';

/** A person table that demands something of every value, and operators each of whom breaks one of its demands. */
const demanding: Template = {
  name: 'demanding',
  async fill(query, kind) {
    const [blind, binary] =
      kind === 'postgres' ? ['text', 'bytea'] : ['varchar(200) COLLATE utf8mb4_general_ci', 'varbinary(200)'];
    const folded = kind === 'postgres' ? '(lower(badge))' : '(badge)';
    await query(`CREATE TABLE town (code varchar(10) NOT NULL PRIMARY KEY)`);
    await query(`CREATE TABLE agent (
      id integer NOT NULL PRIMARY KEY, name varchar(200) NOT NULL, mail varchar(200), badge varchar(200),
      floor bigint, rate numeric(12, 4), room varchar(40), town varchar(40), age varchar(20), motto ${binary},
      nick varchar(200), title varchar(200), site integer, seat integer)`);
    await query(`CREATE TABLE contact (
      id varchar(36) NOT NULL PRIMARY KEY, name varchar(20) NOT NULL, mail varchar(200), badge ${blind},
      floor smallint, rate numeric(6, 2), room varchar(40), town varchar(10), age integer, motto varchar(40),
      nick varchar(5), title varchar(5), kind varchar(10) NOT NULL DEFAULT 'external', site integer, seat integer,
      CONSTRAINT contact_town FOREIGN KEY (town) REFERENCES town (code),
      CONSTRAINT contact_room CHECK (room IS NULL OR room LIKE 'R-%'),
      CONSTRAINT contact_external CHECK (kind <> 'external' OR floor IS NULL OR floor < 1000),
      CONSTRAINT contact_seat UNIQUE (site, seat))`);
    await query(`CREATE UNIQUE INDEX contact_badge ON contact ${folded}`);
    await query(`INSERT INTO town VALUES ('delft'), ('gouda')`);
    await query(`INSERT INTO contact (id, name, badge, site, seat) VALUES ('p1', 'Somebody', 'B-1', 1, 1)`);
    const bytes = (hex: string) => (kind === 'postgres' ? `'\\x${hex}'` : `X'${hex}'`);
    const rows: Record<string, string>[] = [
      {
        id: '1',
        name: "'Fine'",
        mail: "'fine@example.com'",
        badge: "'B-9'",
        floor: '3',
        rate: '12.50',
        room: "'R-1'",
      },
      { id: '2', name: `'${'x'.repeat(21)}'` },
      { id: '3', name: "'Floor'", floor: '40000' },
      { id: '4', name: "'Rate'", rate: '12345.6' },
      { id: '5', name: "'Rounded'", rate: '1.005' },
      { id: '6', name: "'Room'", room: "'Q-1'" },
      { id: '7', name: "'Town'", town: "'paris'" },
      { id: '8', name: "'Age'", age: "'forty'" },
      { id: '9', name: "'Bytes'", motto: bytes('ff00') },
      { id: '10', name: "'Badge'", badge: "'b-1'" },
      { id: '11', name: "'Twin A'", badge: "'T-1'" },
      { id: '12', name: "'Twin B'", badge: "'t-1'" },
      { id: '13', name: "'Default'", floor: '1000' },
      { id: '14', name: "'Seat'", site: '1', seat: '1' },
      { id: '15', name: "'Seat half'", site: '1' },
      {
        id: '16',
        name: "'Cut'",
        nick: "'Zoë de Lange'",
        title: "'Dr. Dr.'",
        age: "'41'",
        motto: bytes('c3a9'),
      },
      // The fifth letter has its accent beside it, and the family is one letter of five code points.
      { id: '17', name: "'Accents'", nick: "'abcde\u0301f'" },
      { id: '18', name: "'Family'", nick: "'ab👨‍👩‍👧'" },
    ];
    for (const row of rows)
      await query(
        `INSERT INTO agent (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`,
      );
  },
};

const configuration = `
operators: {table: agent, key: id, link: contact_id, name: [name]}
persons:
  table: contact
  key: id
  name: [name]
  ssp: {column: portal, granted: true, denied: false}
  caller: {column: caller, granted: true, denied: false}
card:
  name: {from: name}
  mail: {from: mail}
  badge: {from: badge}
  floor: {from: floor}
  rate: {from: rate}
  room: {from: room}
  town: {from: town}
  age: {from: age}
  motto: {from: motto}
  nick: {from: nick, onMisfit: truncate}
  title: {from: title, onMisfit: {set: none}}
  site: {from: site}
  seat: {from: seat}
match:
  keys:
    mail: {operator: mail, person: mail}
`;

const MISFITS: Record<string, { column: string; value: string; problem: string }> = {
  2: { column: 'name', value: 'x'.repeat(21), problem: 'longer than 20 characters' },
  3: { column: 'floor', value: '40000', problem: 'not between -32768 and 32767' },
  4: { column: 'rate', value: '12345.6000', problem: 'not between -9999 and 9999' },
  5: { column: 'rate', value: '1.0050', problem: 'more than 2 digits after the point' },
  6: { column: 'room', value: 'Q-1', problem: 'breaks the check contact_room' },
  7: { column: 'town', value: 'paris', problem: 'not in town' },
  8: { column: 'age', value: 'forty', problem: 'no integer' },
  9: { column: 'motto', value: '', problem: 'no text in UTF-8' },
  10: {
    column: 'badge',
    value: 'b-1',
    problem: 'another person has the same, and contact_badge allows it once',
  },
  11: {
    column: 'badge',
    value: 'T-1',
    problem: "another operator's card would have the same, and contact_badge allows it once",
  },
  12: {
    column: 'badge',
    value: 't-1',
    problem: "another operator's card would have the same, and contact_badge allows it once",
  },
  13: { column: 'floor', value: '1000', problem: 'breaks the check contact_external' },
  14: { column: 'site', value: '1', problem: 'another person has the same, and contact_seat allows it once' },
};

describe.each(serverDatabases)(
  'a constant or a default that the person table does not take, on $name',
  ({ fresh }) => {
    it.each([
      ['a check', 'room: { value: X-1 }', 'room', 'breaks the check contact_room'],
      ['a foreign key', 'town: { value: paris }', 'town', 'not in town'],
      ['a unique index that others break', 'badge: { value: B-1 }', 'badge', 'another person has the same'],
      [
        'a unique index that it breaks itself',
        'badge: { value: new }',
        'badge',
        "another operator's card would",
      ],
      ['a default and a foreign key', 'mail: { from: mail }', 'origin', 'not in town'],
    ])('is found when it is planned: %s', async (_, field, column, problem) => {
      const database = await fresh(demanding);
      await together(database, async ({ query }) => {
        await query('DELETE FROM agent WHERE id NOT IN (1, 15)');
        if (column === 'origin')
          await query(
            `ALTER TABLE contact ADD COLUMN origin varchar(10) NOT NULL DEFAULT 'delft', ADD CONSTRAINT contact_origin FOREIGN KEY (origin) REFERENCES town (code)`,
          ).then(() => query(`ALTER TABLE contact ALTER COLUMN origin SET DEFAULT 'none'`));
      });
      await writeFile(
        join(database.folder, 'onecard.yaml'),
        configuration.replace(/card:\n[\s\S]*match:/, `card:\n  name: {from: name}\n  ${field}\nmatch:`),
      );
      const { code, stderr } = await onecardOn(database, [
        ...['migrate', '--dry-run', '--limit', '0', '--quiet', '--plan-out', 'plan.ndjson'],
      ]);
      expect(code, stderr).toBe(0);
      const { lines: planned } = await readPlanFile(join(database.folder, 'plan.ndjson'));
      for (const { reason, evidence } of planned) {
        expect(reason).toBe('does-not-fit');
        expect(evidence).toEqual([
          expect.objectContaining({ column, problem: expect.stringContaining(problem) }),
        ]);
      }
      expect(planned).toHaveLength(2);
    });
  },
);

describe.each(databases)('a value that the person table does not take, on $name', ({ fresh }) => {
  let database: TestDatabase;
  let lines: Map<string, PlanLine>;

  beforeAll(async () => {
    database = await fresh(demanding);
    await writeFile(join(database.folder, 'onecard.yaml'), configuration);
    const dryRun = ['migrate', '--dry-run', '--limit', '0', '--plan-out', 'plan.ndjson'];
    expect(await onecardOn(database, dryRun)).toMatchObject({ code: 0 });
    const plan = await readPlanFile(join(database.folder, 'plan.ndjson'));
    lines = new Map(plan.lines.map((line) => [line.operator, line]));
  });

  it.each(Object.entries(MISFITS))('is found when it is planned: operator %s', (operator, misfit) => {
    const line = lines.get(operator);
    expect(line).toMatchObject({ decision: 'review', reason: 'does-not-fit', card: null });
    const [found] = (line?.evidence ?? []) as { column: string; value: string; problem: string }[];
    // Servers name their types in words of their own, and write a whole number with or without its zeros.
    const typed = { ...misfit, problem: misfit.problem.replace(/^no integer$/, 'no ') };
    expect({ ...found, problem: found?.problem.replace(/^no int.*/, 'no ') }).toEqual(typed);
  });

  it('leaves all others to be written', () => {
    const created = [...lines.values()].filter(({ decision }) => decision === 'create');
    expect(created.map(({ operator }) => operator)).toEqual(['1', '15', '16', '17', '18']);
  });

  it('is written as its column has it where a rule says how, and no letter is cut in two', async () => {
    const run = await onecardOn(database, ['migrate', '--yes', '--allow-schema-changes', '--quiet']);
    expect(run).toMatchObject({ code: 0 });
    const rows = await together(database, ({ query }) =>
      query(
        `SELECT a.id, c.nick, c.title, c.age, c.motto FROM agent a JOIN contact c ON c.id = a.contact_id ORDER BY a.id`,
      ),
    );
    expect(
      rows.map((row) => Object.values(row).map((value) => (value === null ? null : String(value)))),
    ).toEqual([
      ['1', null, null, null, null],
      ['15', null, null, null, null],
      ['16', 'Zoë d', 'none', '41', 'é'],
      ['17', 'abcd', null, null, null],
      ['18', 'ab', null, null, null],
    ]);
    expect(await onecardOn(database, ['verify'])).toMatchObject({ code: 0 });
  });
});
