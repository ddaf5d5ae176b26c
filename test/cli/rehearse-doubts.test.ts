import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serverDatabases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, startOnecardOn } from '../support/on-database.js';
import { copiesOf, rehearsalOf, rehearseOn, stepsWith, wordsOf } from '../support/rehearsals.js';
import { largeSample, sample } from '../support/sample.js';
import { triggerSql } from '../support/triggers.js';
import { changesOf, changesReach, until } from '../support/watching.js';

describe.each(serverDatabases)('a rehearsal on $name', ({ fresh, kind }) => {
  const onPostgres = kind === 'postgres';

  it('does not pass where nothing is to be written, unless that is meant', async () => {
    const database = await fresh(sample);
    expect((await onecardOn(database, ['migrate', '--yes'])).code).toBe(0);
    const idle = await rehearseOn(database, ['--json']);
    expect(idle.code).toBe(3);
    expect(wordsOf(rehearsalOf(idle), 'limits')).toMatch(
      /^0 operators to be written, under --min-written 1\n/,
    );
    const meant = await rehearseOn(database, ['--min-written', '0', '--quiet']);
    expect(meant).toMatchObject({ code: 0, stdout: '' });
  });

  it.runIf(onPostgres)('does not pass where there are no operators', async () => {
    const database = await fresh(sample);
    await database.query('TRUNCATE operator, person CASCADE');
    const empty = await rehearseOn(database, ['--json', '--min-written', '0']);
    expect(empty.code).toBe(3);
    expect(wordsOf(rehearsalOf(empty), 'dry-run')).toContain('there are no operators');
  });

  it('passes where a trigger moves a stamp that is known to be volatile, and says so', async () => {
    const database = await fresh(sample);
    const later = onPostgres
      ? "NEW.updated_at := OLD.updated_at + interval '1 day'"
      : 'SET NEW.updated_at = OLD.updated_at + INTERVAL 1 DAY';
    await database.query(triggerSql(kind, 'stamp', 'BEFORE UPDATE', 'operator', later));
    const result = await rehearseOn(database, ['--json']);
    const rehearsal = rehearsalOf(result);
    expect(stepsWith(rehearsal, 'failed')).toEqual([]);
    expect(result.code).toBe(0);
    expect(wordsOf(rehearsal, 'as-before')).toContain(
      'operator: the application has moved the volatile column updated_at',
    );
  });

  it('tells of those whom a trigger refuses, without its words, names or keys', async () => {
    const database = await fresh(largeSample);
    const refuse = onPostgres
      ? "RAISE EXCEPTION 'no % here', NEW.last_name USING ERRCODE = '23514'"
      : "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = NEW.last_name";
    await database.query(triggerSql(kind, 'refuse', 'BEFORE INSERT', 'person', refuse));
    const result = await rehearseOn(database, ['--json']);
    expect(result).toMatchObject({ code: 3, left: [] });
    // In one batch: more than enough.
    const words = wordsOf(rehearsalOf(result), 'kill');
    expect(words).toMatch(
      /^the database refused 394 operators\noperator operator-\w+: raised by a trigger: …\n/,
    );
    expect(words).toContain('… and 374 more');
    const said = `${result.stdout}${result.stderr}`;
    const people = await database.query('SELECT id, last_name FROM operator ORDER BY id LIMIT 300');
    for (const { id, last_name: name } of people) {
      expect(said).not.toContain(String(id));
      if (String(name).length > 5) expect(said).not.toContain(`: ${name}`);
    }
  });

  it('needs no more privileges than the README says', async () => {
    const database = await fresh(sample);
    const role = await database.createRole();
    const { name } = database;
    const copies = `\`${name.replaceAll('_', '\\_')}\\_rehearsal\\_%\``;
    const grants = onPostgres
      ? [`ALTER ROLE "${role.name}" CREATEDB`, `GRANT pg_read_all_data TO "${role.name}"`]
      : [
          `GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON \`${name}\`.* TO '${role.name}'`,
          `GRANT ALL PRIVILEGES ON ${copies}.* TO '${role.name}'`,
        ];
    for (const grant of grants) await database.query(grant);
    const result = await rehearseOn({ ...database, url: role.url }, ['--json']);
    expect(stepsWith(rehearsalOf(result), 'failed')).toEqual([]);
    expect(result).toMatchObject({ code: 0, left: [] });
    expect(await copiesOf(database)).toEqual([]);
  });

  it('names what a killed one has left, and not the copy of one at work', async () => {
    const database = await fresh(sample);
    const temporary = join(database.folder, 'temporary');
    await mkdir(temporary);
    const run = startOnecardOn(database, ['rehearse'], { env: { TMPDIR: temporary } });
    await until('there is a copy', async () => (await copiesOf(database)).length > 0);
    const [copy] = await copiesOf(database);
    const atWork = await rehearseOn(database, ['--max-duration', '1s']);
    expect(atWork.stderr).not.toContain(String(copy));
    run.child.kill('SIGKILL');
    await run.result;
    const after = async () => (await rehearseOn(database, ['--max-duration', '1s'])).stderr;
    await until('it is named', async () => (await after()).includes(`DROP DATABASE IF EXISTS`));
    const stderr = await after();
    expect(stderr).toContain(String(copy));
    expect(stderr).toMatch(/ {2}rm -r \S+onecard-rehearsal-\w+\n/);
    await database.query(`DROP DATABASE ${copy}`);
  }, 60_000);
});

describe.each(serverDatabases)('a rehearsal in place on $name', ({ fresh, kind }) => {
  const overviewOf = async (database: TestDatabase) =>
    JSON.parse((await onecardOn(database, ['runs', '--json'])).stdout);

  it('does not forgive a dry run what it forgives a run: a stamp that moved', async () => {
    const database = await fresh(sample);
    await database.query('CREATE TABLE onecard_disposable (id int)');
    const over = new AbortController();
    const moving = (async () => {
      for (let minute = 0; !over.signal.aborted; minute++) {
        await database.query(
          `UPDATE operator SET updated_at = '2001-01-01 00:${minute % 60}:00' WHERE person_id IS NOT NULL AND email LIKE 'a%'`,
        );
        await sleep(100);
      }
    })();
    const result = await rehearseOn(database, ['--in-place', '--json']);
    over.abort();
    await moving;
    expect(stepsWith(rehearsalOf(result), 'failed')).toContain('dry-run-wrote-nothing');
    expect(wordsOf(rehearsalOf(result), 'dry-run-wrote-nothing')).toContain('volatile column updated_at');
  });

  it('that is killed ends its command, too, and is not taken for the state before by the next', async () => {
    const database = await fresh(largeSample);
    await database.query('CREATE TABLE onecard_disposable (id int)');
    const args = ['rehearse', '--in-place', '--batch-size', '5'];
    const env = { TMPDIR: database.folder };
    const run = startOnecardOn(database, args, { timeoutMs: 120_000, env });
    // The first run is killed before that: now it is resumed.
    await changesReach(database, 900);
    run.child.kill('SIGKILL');
    await run.result;
    await until('nobody is at work', async () => (await overviewOf(database)).holder === null);
    expect(await changesOf(database)).toBeLessThan(1_969);
    const [{ id } = {}] = await database.query(`SELECT id FROM ${journalTable(kind, 'run')}`);
    const next = await rehearseOn(database, ['--in-place', '--json']);
    expect(next.code).toBe(2);
    expect(wordsOf(rehearsalOf(next), 'preflight')).toMatch(
      new RegExp(
        `^1 run of a rehearsal that was killed here: ${id}.*onecard rollback ${id}, then onecard uninstall`,
        's',
      ),
    );
    expect((await onecardOn(database, ['rollback', String(id), '--yes'])).code).toBe(0);
    expect((await onecardOn(database, ['uninstall', '--yes'])).code).toBe(0);
  }, 120_000);
});
