import type { Layout } from '../config/layout.js';
import type { Database } from '../database/database.js';
import type { Session } from '../database/session.js';
import type { Run } from '../journal/run.js';

/** What the checks look at: one snapshot of the database, and the runs that wrote into it. */
export interface Subject {
  readonly session: Session;
  readonly database: Database;
  readonly layout: Layout;
  /** The newest first, those that are still planning left out; none where there is no journal. */
  readonly runs: readonly Run[];
  /** The run whose changes are checked; undefined for all of them. */
  readonly only: Run | undefined;
  readonly hasJournal: boolean;
}
