import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serverDatabases } from '../support/databases.js';
import { onecardOn, writingNothing } from '../support/on-database.js';
import { cast } from './cast.js';

const ADDED = `preset: sample
operators: { link: card_id }
`;

describe.each(serverDatabases)('a column that a run adds, on $name', ({ fresh }) => {
  it('is added once more where somebody has dropped it since', async () => {
    const database = await fresh(cast);
    await database.query('ALTER TABLE operator DROP COLUMN person_id');
    await writeFile(join(database.folder, 'onecard.yaml'), ADDED);
    const migrate = ['migrate', '--yes', '--allow-schema-changes', '--json'];
    const first = await onecardOn(database, migrate);
    expect(first.code, first.stderr).toBe(0);
    const { run, created } = JSON.parse(first.stdout);
    expect(await onecardOn(database, ['rollback', run, '--yes'])).toMatchObject({ code: 0 });
    await database.query('ALTER TABLE operator DROP COLUMN card_id');
    const second = await onecardOn(database, migrate);
    expect(second.code, second.stderr).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ created });
  });

  it.each([
    ['is called nearly the same', 'persn_id', `UPDATE operator SET person_id = person_id`],
    [
      'is a foreign key to the persons',
      'card_id',
      'ALTER TABLE operator ADD CONSTRAINT linked FOREIGN KEY (person_id) REFERENCES person (id)',
    ],
  ])(
    'is doubted where another column %s: every linked operator would pass for one without',
    async (_, link, change) => {
      const database = await fresh(cast);
      await database.query(
        `UPDATE operator SET person_id = NULL WHERE person_id NOT IN (SELECT id FROM person)`,
      );
      await database.query(change);
      await writeFile(
        join(database.folder, 'onecard.yaml'),
        `preset: sample\noperators: { link: ${link} }\n`,
      );
      const doubt = /There is a column person_id: is it meant\?/;
      expect((await onecardOn(database, ['migrate', '--dry-run', '--limit', '1'])).stdout).toMatch(doubt);
      expect((await onecardOn(database, ['scan'])).stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /There is a column person_id: if it is meant,/,
      );
      const refused = await writingNothing(database, () => onecardOn(database, ['migrate', '--yes']));
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('(there is a column person_id: is it meant?)');
    },
  );
});

describe.each(serverDatabases)('a link column that is there, on $name', ({ fresh }) => {
  it.each([
    ['leads elsewhere', 'branch_id', /the column branch_id refers to branch, and not to person/],
    ['is too small', 'badge', /the column badge is .*, which cannot hold every id of person: that is/],
  ])('is refused where it %s', async (_, link, problem) => {
    const database = await fresh(cast);
    await database.query('ALTER TABLE operator ADD COLUMN badge smallint');
    await writeFile(join(database.folder, 'onecard.yaml'), `preset: sample\noperators: { link: ${link} }\n`);
    const { code, stderr } = await onecardOn(database, ['scan']);
    expect(code).toBe(2);
    expect(stderr).toMatch(problem);
    expect(stderr).toContain('onecard.yaml, line 2, column 14: operators.link: ');
  });
});
