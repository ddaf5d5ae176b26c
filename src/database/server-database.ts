import type { Knex } from 'knex';
import type { ConnectionPool } from './connection-pool.js';
import type { DatabaseIdentity, LockHolder } from './database.js';
import { described } from './failures.js';
import type { Session } from './session.js';
import { type LockVerbs, SessionLock } from './session-lock.js';

/** What holds for every server: connections from a pool, one lock, and transactions that are whole or not there. */
export abstract class ServerDatabase<Connection> {
  readonly identity: DatabaseIdentity;
  protected readonly pool: ConnectionPool<Connection>;
  readonly #lock: SessionLock<Connection>;

  constructor(pool: ConnectionPool<Connection>, identity: DatabaseIdentity, lockVerbs: LockVerbs) {
    this.pool = pool;
    this.identity = identity;
    this.#lock = new SessionLock(pool, lockVerbs);
  }

  get knex(): Knex {
    return this.pool.knex;
  }

  lock(): Promise<LockHolder | undefined> {
    return described(() => this.#lock.take());
  }

  lockHolder(session: Session): Promise<LockHolder | undefined> {
    return this.#lock.holder(session);
  }

  holdsLock(session: Session): Promise<boolean> {
    return this.#lock.isHeld(session);
  }

  async close(): Promise<void> {
    await this.#lock.release();
    await this.knex.destroy();
  }

  protected guarded<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return described(() => this.pool.use(work));
  }

  /** @param begin the statements that begin it, in order. */
  protected inTransaction<T>(begin: readonly string[], work: (session: Session) => Promise<T>): Promise<T> {
    return this.guarded(async (session) => {
      try {
        for (const statement of begin) await session.run(statement);
        const result = await work(session);
        await session.run('COMMIT');
        return result;
      } catch (error) {
        // MariaDB leaves a transaction open after a lock time-out, and half of it could be committed. A connection
        // that is gone has rolled back by itself.
        await session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }
}
