import type { Knex } from 'knex';
import type { TableName } from '../model/configuration.js';
import type { Dialect } from './dialect.js';
import type { Table } from './schema.js';
import type { Session } from './session.js';

/** Which database this is, so that a plan or a run is never taken for another's. */
export interface DatabaseIdentity {
  readonly kind: 'PostgreSQL' | 'MariaDB' | 'MySQL' | 'embedded sample';
  readonly version: string;
  readonly database: string;
  /** What tells this server from others of its kind. */
  readonly server: string;
}

/** Who holds the lock that allows one run at a time. */
export interface LockHolder {
  readonly description: string;
}

export interface Database {
  readonly identity: DatabaseIdentity;
  readonly dialect: Dialect;
  readonly knex: Knex;
  /** Finds a table as an unqualified name would; undefined where it does not exist or may not be seen. */
  inspect(name: TableName): Promise<Table | undefined>;
  /** One consistent view of the data for everything that `work` reads, planned for large joins. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** One READ COMMITTED transaction; any error rolls all of it back. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Takes the lock of this database for as long as this process lives; the holder where another has it. */
  lock(): Promise<LockHolder | undefined>;
  /** Statements that make a home for the journal, before its tables. */
  readonly journalHome: readonly string[];
  hasJournal(): Promise<boolean>;
  close(): Promise<void>;
}
