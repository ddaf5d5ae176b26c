import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AGENTS_AND_CONTACTS } from '../support/agents-and-contacts.js';
import { databases, type Template } from '../support/databases.js';
import { onecardOn, together } from '../support/on-database.js';
import { readPlanFile } from '../support/plan-file.js';

/** Persons whose columns are of types that the database itself was taught. */
const taught: Template = {
  name: 'taught-types',
  async fill(query, kind) {
    const isPostgres = kind === 'postgres';
    if (isPostgres) {
      await query(`CREATE DOMAIN short AS varchar(10) CHECK (VALUE <> 'VALUE')`);
      await query(`CREATE DOMAIN mail AS short CHECK (VALUE LIKE '%@%')`);
      await query(`CREATE TYPE tongue AS ENUM ('nl', 'en')`);
      await query(`CREATE TYPE other_tongue AS ENUM ('en', 'fr')`);
    }
    const [mail, tongue, other] = isPostgres
      ? ['mail', 'tongue', 'other_tongue']
      : [`varchar(10) CHECK (mail LIKE '%@%')`, `enum('nl', 'en')`, `enum('en', 'fr')`];
    await query(
      `CREATE TABLE agent (id integer PRIMARY KEY, name varchar(40), mail varchar(40), spoken ${other}, written varchar(10))`,
    );
    await query(
      `CREATE TABLE contact (id char(36) PRIMARY KEY, name varchar(40), mail ${mail}, spoken ${tongue}, written ${tongue} NOT NULL, home ${tongue} NOT NULL)`,
    );
    await query(`INSERT INTO agent VALUES
      (1, 'Fits', 'a@b', 'en', 'nl'), (2, 'Long', 'long@example.com', 'en', 'nl'), (3, 'No mail', 'nobody', 'en', 'nl'),
      (4, 'French', 'c@d', 'fr', 'nl'), (5, 'German', 'e@f', NULL, 'de'), (6, 'Silent', NULL, NULL, 'en')`);
  },
};

const configuration = (home: string) => `${AGENTS_AND_CONTACTS}card:
  name: { from: name }
  mail: { from: mail }
  spoken: { from: spoken }
  written: { from: written }
  home: { value: ${home} }
match: { keys: { mail: { operator: mail, person: mail } } }
`;

describe.each(databases)('types that a database was taught, on $name', ({ fresh }) => {
  it('take what is one of theirs, and nothing else: found in the dry run, and written as planned', async () => {
    const database = await fresh(taught);
    await writeFile(join(database.folder, 'onecard.yaml'), configuration('en'));
    const dryRun = ['migrate', '--dry-run', '--limit', '0', '--plan-out', 'plan.ndjson'];
    const planned = await onecardOn(database, dryRun);
    expect(planned.code, planned.stderr).toBe(0);
    const { lines } = await readPlanFile(join(database.folder, 'plan.ndjson'));
    expect(lines.map(({ operator, reason, evidence: [first] }) => [operator, reason, { ...first }])).toEqual([
      ['1', 'no-candidate', {}],
      [
        '2',
        'does-not-fit',
        { column: 'mail', value: 'long@example.com', problem: 'longer than 10 characters' },
      ],
      [
        '3',
        'does-not-fit',
        { column: 'mail', value: 'nobody', problem: expect.stringContaining('breaks the check') },
      ],
      ['4', 'does-not-fit', { column: 'spoken', value: 'fr', problem: 'none of nl, en' }],
      ['5', 'does-not-fit', { column: 'written', value: 'de', problem: 'none of nl, en' }],
      ['6', 'no-candidate', {}],
    ]);
    const run = await onecardOn(database, ['migrate', '--yes', '--allow-schema-changes', '--json']);
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ created: 2, failed: 0, violations: 0 });
    const rows = await together(database, ({ query }) =>
      query('SELECT mail, spoken, written, home FROM contact ORDER BY name'),
    );
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['a@b', 'en', 'nl', 'en'],
      [null, null, 'en', 'en'],
    ]);
  });

  it('refuse a constant that is none of theirs, before anything is read', async () => {
    const database = await fresh(taught);
    await writeFile(join(database.folder, 'onecard.yaml'), configuration('NL'));
    const { code, stderr } = await onecardOn(database, ['migrate', '--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /line 14, column \d+: card\.home\.value: the column home is .*, which "NL" is not/,
    );
  });
});
