import type { Obstacle } from '../database.js';
import type { Session } from '../session.js';

/** A session can be set to write whatever the default is; a default that somebody chose is heeded. */
export async function postgresObstacles(session: Session): Promise<Obstacle[]> {
  const [row] = await session.rows<{ standby: boolean; read_only: boolean; source: string }>(
    `SELECT pg_is_in_recovery() AS standby, reset_val = 'on' AS read_only
       FROM pg_settings WHERE name = 'default_transaction_read_only'`,
  );
  const obstacles: Obstacle[] = [];
  if (row?.standby) {
    obstacles.push({
      message: 'The database is read-only: this server is a standby, or still recovering.',
      remedy: 'Run against the primary server; a dry run works on a replica.',
    });
  }
  if (row?.read_only) {
    obstacles.push({
      message:
        'The database is read-only: default_transaction_read_only is on for this user, database or server.',
      remedy:
        'Lift it for the time of the run, such as with ALTER ROLE … SET default_transaction_read_only = off; a dry run works as it is.',
    });
  }
  return obstacles;
}
