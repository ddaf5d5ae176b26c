import type { Knex } from 'knex';

/**
 * One step of onecard's own schema. Each is a single, idempotent statement, so that a run that is killed
 * in the middle simply takes the step again.
 */
export interface Migration {
  readonly name: string;
  build(schema: Knex.SchemaBuilder, names: JournalNames): Knex.SchemaBuilder;
}

/** What the journal's tables are called on this server. */
export interface JournalNames {
  readonly schema: string | undefined;
  readonly prefix: string;
}

/** Long enough for every key type; longer varchar keys are refused when they are planned. */
const KEY = 255;

type Columns = (table: Knex.CreateTableBuilder) => void;

function createTable(name: string, columns: Columns): Migration['build'] {
  return (schema, { schema: home, prefix }) =>
    (home === undefined ? schema : schema.withSchema(home)).createTableIfNotExists(
      `${prefix}${name}`,
      (table) => {
        // Bytewise, so that no two keys are taken for one. PostgreSQL ignores these three.
        if (home === undefined) {
          table.engine('InnoDB');
          table.charset('utf8mb4');
          table.collate('utf8mb4_bin');
        }
        columns(table);
      },
    );
}

export const JOURNAL_MIGRATIONS: readonly Migration[] = [
  {
    name: '001-run',
    build: createTable('run', (table) => {
      table.string('id', 40).primary();
      table.string('state', 20).notNullable();
      // Raised whenever another process takes the run over: a batch of the former one is refused.
      table.integer('token').notNullable();
      table.string('tool_version', 40).notNullable();
      table.text('identity').notNullable();
      table.string('configuration_digest', 64).notNullable();
      table.text('policies').notNullable();
      table.text('ticket');
      table.text('actor').notNullable();
      table.string('started_at', 30).notNullable();
      table.string('heartbeat_at', 30).notNullable();
      table.string('finished_at', 30);
      table.bigInteger('actions');
      table.bigInteger('decisions');
      table.string('digest_key', 64).notNullable();
      table.string('audit_head', 64);
    }),
  },
  {
    name: '002-decision',
    build: createTable('decision', (table) => {
      table.string('run_id', 40).notNullable();
      // Decisions with an action come first, in the order of the operators' keys: batches are ranges of it.
      table.bigInteger('position').notNullable();
      table.string('operator', KEY).notNullable();
      table.text('name').notNullable();
      table.string('decision', 20).notNullable();
      table.string('action', 20).notNullable();
      table.string('reason', 40).notNullable();
      table.string('finding', 40);
      table.string('person', KEY);
      table.text('evidence', 'longtext');
      table.text('detail', 'longtext');
      table.text('misfit', 'longtext');
      table.string('operator_digest', 64);
      table.string('person_digest', 64);
      table.string('seal', 64).notNullable();
      table.primary(['run_id', 'position']);
    }),
  },
  {
    name: '003-change',
    build: createTable('change', (table) => {
      table.string('run_id', 40).notNullable();
      table.bigInteger('position').notNullable();
      table.string('operator', KEY).notNullable();
      table.string('action', 20).notNullable();
      table.string('person', KEY);
      table.string('state', 20).notNullable();
      table.text('reason');
      table.string('changed_at', 30).notNullable();
      table.string('seal', 64).notNullable();
      table.primary(['run_id', 'position']);
    }),
  },
];
