import type { ConnectionPool, Lease } from './connection-pool.js';
import type { LockHolder } from './database.js';
import type { Session } from './session.js';

/** How a server says what there is to say of the lock that allows one run per database. */
export interface LockVerbs {
  /** @returns the number of the session, as the server counts them, where it has the lock now. */
  take(session: Session): Promise<number | undefined>;
  isHeldBy(session: Session, owner: number): Promise<boolean>;
  holder(session: Session): Promise<LockHolder | undefined>;
}

/** A lock that lives as long as its connection, which is therefore kept until the end. */
export class SessionLock<Connection> {
  readonly #pool: ConnectionPool<Connection>;
  readonly #verbs: LockVerbs;
  #lease: Lease<Connection> | undefined;
  #owner = 0;

  constructor(pool: ConnectionPool<Connection>, verbs: LockVerbs) {
    this.#pool = pool;
    this.#verbs = verbs;
  }

  /** @returns the holder where another has it. */
  async take(): Promise<LockHolder | undefined> {
    await this.release();
    const lease = await this.#pool.lease();
    try {
      const owner = await this.#verbs.take(lease.session);
      if (owner !== undefined) {
        this.#lease = lease;
        this.#owner = owner;
        return undefined;
      }
      return (await this.holder(lease.session)) ?? { description: 'a session that has just ended' };
    } finally {
      // Whatever went wrong, a pool has only so many connections.
      if (this.#lease !== lease) await lease.release();
    }
  }

  holder(session: Session): Promise<LockHolder | undefined> {
    return this.#verbs.holder(session);
  }

  isHeld(session: Session): Promise<boolean> {
    return this.#verbs.isHeldBy(session, this.#owner);
  }

  async release(): Promise<void> {
    await this.#lease?.release();
    this.#lease = undefined;
  }
}
