import type { Knex } from 'knex';
import type { JournalDialect } from '../../migrations/journal.js';
import type { TableName } from '../model/configuration.js';
import type { Catalog } from './catalog.js';
import type { Dialect, JournalTable } from './dialect.js';
import type { Privileges } from './privileges.js';
import type { ForeignKey, Table, TableRules, Triggers } from './schema.js';
import type { Session } from './session.js';
import type { Sizes, StoredTable } from './stored-tables.js';

/** Which database this is, so that a plan or a run is never taken for another's. */
export interface DatabaseIdentity {
  readonly kind: 'PostgreSQL' | 'MariaDB' | 'MySQL' | 'embedded sample';
  readonly version: string;
  readonly database: string;
  /** What tells this server from others of its kind. */
  readonly server: string;
}

/** Where the journal's tables live: a schema of their own, or beside the application's under a prefix. */
export interface JournalPlace extends JournalDialect {
  readonly schema: string | undefined;
  readonly prefix: string;
  /** What the journal keeps there, and then what knex does. */
  readonly tables: readonly string[];
}

/** Why this server cannot be written to safely. */
export interface Obstacle {
  /** A sentence. */
  readonly message: string;
  readonly remedy: string;
}

/** Who holds the lock that allows one run at a time. */
export interface LockHolder {
  readonly description: string;
}

/** How long a transaction that writes may hold others up, in milliseconds. */
export interface Patience {
  /** To wait for a lock that another session holds, for each statement. */
  readonly lockWait: number;
  /** To work, for each statement; added where the server can bound a statement as a whole only. */
  readonly work: number;
}

export interface TransactionOptions {
  /** The transaction classifies: its joins meet whole tables. */
  readonly largeJoins?: boolean;
  readonly patience?: Patience;
  /** Milliseconds after which the server gives up a statement. */
  readonly timeLimit?: number;
}

export interface Database {
  readonly identity: DatabaseIdentity;
  readonly dialect: Dialect;
  readonly knex: Knex;
  /** Finds a table as an unqualified name would; undefined where it does not exist or may not be seen. */
  inspect(name: TableName): Promise<Table | undefined>;
  /** Everything there is to inspect, at once. */
  catalog(): Promise<Catalog>;
  /** The tables and views that an unqualified name finds, and with their schema those of others. */
  tableNames(): Promise<string[]>;
  /** Every table with rows of the application, of whatever schema: not the journal's. */
  storedTables(session: Session): Promise<StoredTable[]>;
  sizes(): Promise<Sizes>;
  /**
   * Everything that the database itself calls by a name, as far as this user may see it: tables, columns, indexes,
   * constraints, triggers, functions, types, schemas. Some may be there twice.
   */
  identifiers(): Promise<string[]>;
  /** The foreign keys that point at a table, of whatever schema, as far as this user may see them. */
  foreignKeysTo(name: Required<TableName>): Promise<ForeignKey[]>;
  /** What a table's rows have to hold. */
  rules(name: Required<TableName>): Promise<TableRules>;
  /** Whether some index begins with this column. */
  leadsIndex(name: Required<TableName>, column: string): Promise<boolean>;
  /** One consistent view of the data for everything that `work` reads, planned for large joins. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** One READ COMMITTED transaction; any error rolls all of it back. */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Takes the lock of this database, until it is closed or the process ends; anew, where its session was cut.
   * @returns the holder where another has it.
   */
  lock(): Promise<LockHolder | undefined>;
  /** Who holds it now. */
  lockHolder(session: Session): Promise<LockHolder | undefined>;
  /** Whether the server still knows this process as the one that holds the lock. */
  holdsLock(session: Session): Promise<boolean>;
  /** Ends every session of this process on the server, with the statements they are at; then nothing works. */
  abort(): Promise<void>;
  /** Everything about the server that forbids a run; nothing for dry runs, which only read. */
  obstacles(): Promise<Obstacle[]>;
  readonly privileges: Privileges;
  triggers(table: Required<TableName>): Promise<Triggers>;
  readonly journal: JournalPlace;
  /** Makes the place of the journal; undefined where nothing needs making. */
  missingHome(): Promise<string | undefined>;
  /** For knex: the journal's table, with its schema. */
  journalTable(table: JournalTable): string;
  hasJournal(): Promise<boolean>;
  /** The tables of the journal that are there, knex's own included: plain names. */
  journalTables(): Promise<string[]>;
  close(): Promise<void>;
}
