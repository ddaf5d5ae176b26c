import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anySchemas } from '../support/any-schema.js';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn } from '../support/on-database.js';
import { largeSample, regularOperatorKey } from '../support/sample.js';

const GRANTED = [1_000, 1_001, 1_500].map(regularOperatorKey);
const SSP = 'the card would have access to the SSP: a trigger or default of the database grants it';
const CALLER = 'the card could be selected as caller: a trigger or default of the database allows it';
const accounts = anySchemas.find(({ name }) => name === 'portal-accounts') ?? expect.fail();

describe.each(serverDatabases)('where a trigger grants new persons access on $name', ({ fresh, kind }) => {
  const onPostgres = kind === 'postgres';

  it.each([
    ['ssp_access', SSP],
    ['selectable_as_caller', CALLER],
  ])(
    'a run writes nothing for those whose %s it sets, and all others',
    async (flag, reason) => {
      const database = await fresh(largeSample);
      const keys = GRANTED.map((key) => `'${key}'`).join(', ');
      await database.query(`UPDATE operator SET last_name = 'Nobody' WHERE id IN (${keys})`);
      await database.query(
        onPostgres
          ? `CREATE FUNCTION grant_it() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN NEW.${flag} := NEW.${flag} OR NEW.last_name = ''Nobody''; RETURN NEW; END';
           CREATE TRIGGER grant_it BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION grant_it()`
          : `CREATE TRIGGER grant_it BEFORE INSERT ON person FOR EACH ROW
             SET NEW.${flag} = NEW.${flag} OR NEW.last_name = 'Nobody'`,
      );
      const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--yes', '--json']);
      expect(code, stderr).toBe(7);
      expect(JSON.parse(stdout)).toMatchObject({ created: 1_966, failed: 3, violations: 0 });
      expect(await failedOf(database)).toEqual(GRANTED.map((operator) => ({ operator, reason })));
      expect(await database.query(`SELECT id FROM person WHERE last_name = 'Nobody'`)).toEqual([]);
      expect(
        await database.query(`SELECT id FROM operator WHERE id IN (${keys}) AND person_id IS NOT NULL`),
      ).toEqual([]);
    },
    120_000,
  );

  it('a run leaves no row of theirs that grants it elsewhere', async () => {
    const database = await fresh(accounts.template);
    await writeFile(join(database.folder, 'onecard.yaml'), accounts.configuration(kind));
    const insert = `INSERT INTO account (people_code, user_name, state) VALUES (NEW.code, NEW.code, 'open')`;
    await database.query(
      onPostgres
        ? `CREATE FUNCTION give() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ${insert}; RETURN NEW; END$$;
           CREATE TRIGGER give AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION give()`
        : `CREATE TRIGGER give AFTER INSERT ON people FOR EACH ROW ${insert}`,
    );
    const before = await database.query('SELECT COUNT(*) AS n FROM account');
    const { code, stdout, stderr } = await onecardOn(database, [
      'migrate',
      '--yes',
      '--allow-schema-changes',
      '--json',
    ]);
    expect(code, stderr).toBe(7);
    const { created, failed, violations } = JSON.parse(stdout);
    expect({ created, violations }).toEqual({ created: 0, violations: 0 });
    expect(failed).toBeGreaterThan(0);
    expect(new Set((await failedOf(database)).map(({ reason }) => reason))).toEqual(new Set([SSP]));
    expect(await database.query('SELECT COUNT(*) AS n FROM account')).toEqual(before);
  }, 120_000);

  it.runIf(onPostgres)(
    'a run sees what is put off until the commit',
    async () => {
      const database = await fresh(largeSample);
      await database.query(
        `UPDATE operator SET last_name = 'Nobody' WHERE id = '${GRANTED[0]}';
       CREATE FUNCTION grant_late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
         UPDATE person SET ssp_access = TRUE WHERE id = NEW.id AND last_name = 'Nobody'; RETURN NULL; END$$;
       CREATE CONSTRAINT TRIGGER grant_late AFTER INSERT ON person DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION grant_late()`,
      );
      const { code, stdout, stderr } = await onecardOn(database, ['migrate', '--yes', '--json']);
      expect(code, stderr).toBe(7);
      expect(JSON.parse(stdout)).toMatchObject({ created: 1_968, failed: 1, violations: 0 });
      expect(await failedOf(database)).toEqual([{ operator: GRANTED[0], reason: SSP }]);
    },
    120_000,
  );

  const failedOf = (database: TestDatabase) =>
    database.query(
      `SELECT operator, reason FROM ${journalTable(kind, 'change')} WHERE state = 'failed' ORDER BY operator`,
    );
});
