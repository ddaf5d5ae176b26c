import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LockLost } from '../../src/apply/batch.js';
import { executeRun } from '../../src/apply/run.js';
import { checkLayout, type Layout } from '../../src/config/layout.js';
import { loadConfiguration } from '../../src/config/load.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open.js';
import type { Query, Session } from '../../src/database/session.js';
import { RunTable } from '../../src/journal/journal.js';
import { RollbackTable } from '../../src/journal/rollbacks.js';
import type { Run } from '../../src/journal/run.js';
import { takeBackBatch } from '../../src/rollback/batch.js';
import type { WorkScope } from '../../src/rollback/history.js';
import { executeRollback, type RollbackEvent, type RollbackOptions } from '../../src/rollback/rollback.js';
import { type DatabaseUnderTest, serverDatabases } from '../support/databases.js';
import { runOptions } from '../support/run-options.js';
import { operatorKey, sample } from '../support/sample.js';
import type { Kind } from '../support/servers/server.js';

/** An operator that gets a card. */
const OPERATOR = operatorKey(170);
const INCIDENT = '0e000000-0000-4000-8000-0000000000f1';

const options: RollbackOptions = {
  lockTimeout: 5_000,
  batchSize: { time: 5_000, fixed: 1_000 },
  signal: new AbortController().signal,
};

async function migrated({ fresh }: DatabaseUnderTest) {
  const place = await fresh(sample);
  if (place.url === undefined) throw new Error('a server was expected');
  const { url, kind } = place;
  const database = await openDatabase({ kind, url }, 'write', {}, place.folder);
  onTestFinished(() => database.close());
  const layout = await checkLayout(database, loadConfiguration(undefined));
  const { run } = await executeRun(database, layout, runOptions(), () => {});
  await database.transaction((session) => new RunTable(database).enter(session, run, 'done'));
  const [row] = await place.query(`SELECT person_id FROM operator WHERE id = '${OPERATOR}'`);
  const card = String(row?.['person_id']);
  return {
    place,
    database,
    layout,
    run,
    card,
    rollback: (on: Database = database, emit: (event: RollbackEvent) => void = () => {}) =>
      executeRollback(on, layout, { run: run.id, only: undefined }, options, emit),
    incidents: () => place.query(`SELECT caller_id FROM incident WHERE id = '${INCIDENT}'`),
    cards: () => place.query(`SELECT id FROM person WHERE id = '${card}'`),
  };
}

async function scopeOf(database: Database, layout: Layout, run: Run): Promise<WorkScope> {
  const rollback = await database.transaction((session) =>
    new RollbackTable(database).begin(session, run, { operator: undefined, ticket: undefined }),
  );
  return { layout, sql: database.dialect, run, rollback, references: [], states: ['applied'] };
}

const insertIncident = (card: string) =>
  `INSERT INTO incident (id, number, caller_id, created_at) VALUES ('${INCIDENT}', 'X1', '${card}', '2026-01-01 00:00:00')`;

/** Deleting a person would take its incidents along. */
const cascade = (kind: Kind) =>
  kind === 'postgres'
    ? 'ALTER TABLE incident DROP CONSTRAINT incident_caller_id_fkey, ADD CONSTRAINT cascading FOREIGN KEY (caller_id) REFERENCES person (id) ON DELETE CASCADE'
    : 'ALTER TABLE incident DROP FOREIGN KEY incident_caller_id_fkey, ADD CONSTRAINT cascading FOREIGN KEY (caller_id) REFERENCES person (id) ON DELETE CASCADE';

/** In PostgreSQL, this one is checked when the transaction that inserts commits. */
const deferred =
  'ALTER TABLE incident DROP CONSTRAINT incident_caller_id_fkey, ADD CONSTRAINT deferred FOREIGN KEY (caller_id) REFERENCES person (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED';

/** The same database, which calls back after a batch was decided about, before it is written. */
function afterDecision(database: Database, callback: () => Promise<void>): Database {
  return new Proxy(database, {
    get(target, name) {
      if (name !== 'transaction') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return ((work, given) =>
        target.transaction(
          (session) => work(watched(session, callback)),
          given,
        )) satisfies Database['transaction'];
    },
  });
}

function watched(session: Session, callback: () => Promise<void>): Session {
  return {
    rows: (query) => session.rows(query),
    stream: (sql) => session.stream(sql),
    async run(query: Query) {
      const written = await session.run(query);
      if (typeof query === 'string' && query.includes('state = c.state')) await callback();
      return written;
    },
  };
}

describe.each(serverDatabases)('a rollback beside others on $name', (underTest) => {
  const { kind } = underTest;
  const foreignKeys = [
    ['as it is', undefined],
    ['that cascades', cascade(kind)],
    ...(kind === 'postgres' ? ([['that cascades and is deferred', deferred]] as const) : []),
  ] as const;

  it.each(foreignKeys)(
    'keeps a card that an open transaction refers to, with a foreign key %s',
    async (what, definition) => {
      const { place, card, rollback, incidents, cards } = await migrated(underTest);
      if (definition !== undefined) await place.query(definition);
      const begin = kind === 'postgres' ? 'BEGIN' : 'START TRANSACTION';
      const wait = kind === 'postgres' ? 'SELECT pg_sleep(0.7)' : 'DO SLEEP(0.7)';
      const inserting = place.query(`${begin}; ${insertIncident(card)}; ${wait}; COMMIT`).then(
        () => 'committed',
        () => 'refused',
      );
      await sleep(200);
      const { takenBack } = await rollback();
      const outcome = await inserting;
      // A deferred key is not checked, and locks nothing, before the commit: the one who comes last is refused.
      expect(outcome).toBe(what.includes('deferred') ? 'refused' : 'committed');
      const isKept = outcome === 'committed';
      expect(takenBack.kept).toBe(isKept ? 1 : 0);
      if (isKept) {
        expect(takenBack.named).toMatchObject([
          { operator: OPERATOR, reason: 'the card is referenced: incident.caller_id (1 row)' },
        ]);
      }
      expect(await incidents()).toHaveLength(isKept ? 1 : 0);
      expect(await cards()).toHaveLength(isKept ? 1 : 0);
    },
  );

  it.each(foreignKeys)(
    'lets nobody refer to a card once it is checked, with a foreign key %s',
    async (_, definition) => {
      const { place, database, card, rollback, incidents, cards } = await migrated(underTest);
      if (definition !== undefined) await place.query(definition);
      let inserting = Promise.resolve('not tried');
      const { takenBack } = await rollback(
        afterDecision(database, async () => {
          inserting = place.query(insertIncident(card)).then(
            () => 'inserted',
            (error: Error) => error.message,
          );
          await sleep(300);
        }),
      );
      expect(await inserting).toMatch(/foreign key/i);
      expect(takenBack.kept).toBe(0);
      expect(await incidents()).toEqual([]);
      expect(await cards()).toEqual([]);
    },
  );

  it('writes nothing of a batch whose journal cannot be sealed', async () => {
    const { place, database, card, run, rollback, cards } = await migrated(underTest);
    const failing = afterDecision(database, () => Promise.reject(new Error('cut')));
    await expect(rollback(failing)).rejects.toThrow('cut');
    const states = await place.query(
      `SELECT state, COUNT(*) AS changes FROM ${database.dialect.journal('change')} GROUP BY state`,
    );
    expect(states).toMatchObject([{ state: 'applied' }]);
    expect(await cards()).toEqual([{ id: card }]);
    expect((await rollback()).run).toMatchObject({ id: run.id, state: 'rolling-back' });
    expect(await cards()).toEqual([]);
  });

  it('keeps the one card that the database refuses to delete, and says why', async () => {
    const { place, card, rollback, cards } = await migrated(underTest);
    await place.query(
      kind === 'postgres'
        ? `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
           CREATE TRIGGER refusing BEFORE DELETE ON person FOR EACH ROW WHEN (OLD.id = '${card}') EXECUTE FUNCTION refuse()`
        : `CREATE TRIGGER refusing BEFORE DELETE ON person FOR EACH ROW
             IF OLD.id = '${card}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF`,
    );
    const events: RollbackEvent[] = [];
    const { takenBack } = await rollback(undefined, (event) => events.push(event));
    expect(events).toContainEqual({
      kind: 'refused',
      operator: OPERATOR,
      why: 'raised by a trigger: not this one',
    });
    expect(takenBack).toMatchObject({
      kept: 1,
      named: [
        {
          operator: OPERATOR,
          reason: 'the database refuses to take it back: raised by a trigger: not this one',
        },
      ],
    });
    expect(await cards()).toHaveLength(1);
    const links = await place.query(`SELECT person_id FROM operator WHERE id = '${OPERATOR}'`);
    expect(links).toEqual([{ person_id: card }]);
  });

  it('counts configured references that no foreign key declares', async () => {
    const { place, database, run, card } = await migrated(underTest);
    await place.query(`CREATE TABLE remark (author char(36)); INSERT INTO remark VALUES ('${card}')`);
    const configuration = {
      ...loadConfiguration(undefined),
      references: [{ table: { schema: undefined, name: 'remark' }, column: 'author', holds: undefined }],
    };
    const layout = await checkLayout(database, configuration);
    const { takenBack } = await executeRollback(
      database,
      layout,
      { run: run.id, only: undefined },
      options,
      () => {},
    );
    expect(takenBack).toMatchObject({
      kept: 1,
      named: [{ operator: OPERATOR, reason: 'the card is referenced: remark.author (1 row)' }],
    });
  });

  it('refuses a configuration of other tables, and one whose references are not there', async () => {
    const { place, database, run, cards } = await migrated(underTest);
    await place.query(
      kind === 'postgres'
        ? 'CREATE TABLE agent (LIKE operator INCLUDING ALL)'
        : 'CREATE TABLE agent LIKE operator',
    );
    const configuration = loadConfiguration(undefined);
    const others = { ...configuration.operators, table: { schema: undefined, name: 'agent' } };
    const layout = await checkLayout(database, { ...configuration, operators: others });
    const subject = { run: run.id, only: undefined };
    await expect(executeRollback(database, layout, subject, options, () => {})).rejects.toThrow(
      /worked on operator, .* names agent,/,
    );
    expect(await cards()).toHaveLength(1);
    const references = [{ table: { schema: undefined, name: 'remark' }, column: 'author', holds: undefined }];
    await expect(checkLayout(database, { ...configuration, references })).rejects.toThrow(
      /references.0.table: there is no table remark/,
    );
  });

  it('lists operators whose stamps a trigger moves', async () => {
    const { place, rollback } = await migrated(underTest);
    await place.query(
      kind === 'postgres'
        ? `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := '2030-01-01'; RETURN NEW; END $$;
           CREATE TRIGGER touching BEFORE UPDATE ON operator FOR EACH ROW WHEN (OLD.id = '${OPERATOR}') EXECUTE FUNCTION touch()`
        : `CREATE TRIGGER touching BEFORE UPDATE ON operator FOR EACH ROW
             SET NEW.updated_at = IF(OLD.id = '${OPERATOR}', '2030-01-01', NEW.updated_at)`,
    );
    const { takenBack } = await rollback();
    expect(takenBack).toMatchObject({
      kept: 0,
      named: [{ operator: OPERATOR, reason: expect.stringContaining('a stamp of the operator was moved') }],
    });
  });

  it('refuses a batch of a run that another process has taken over', async () => {
    const { place, database, layout, run, cards } = await migrated(underTest);
    await place.query(`UPDATE ${database.dialect.journal('run')} SET token = token + 1`);
    const scope = await scopeOf(database, layout, run);
    await expect(takeBackBatch(database, scope, { from: 1, to: 1_000 })).rejects.toThrow(/taken over/);
    expect(await cards()).toHaveLength(1);
  });

  it('refuses a batch once its process has lost the lock', async () => {
    const { database, layout, run, cards } = await migrated(underTest);
    const scope = await scopeOf(database, layout, run);
    const unlocked = new Proxy(database, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === 'holdsLock') return async () => false;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await expect(takeBackBatch(unlocked, scope, { from: 1, to: 1_000 })).rejects.toThrow(LockLost);
    expect(await cards()).toHaveLength(1);
  });
});
