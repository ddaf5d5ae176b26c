import pg from 'pg';
import { OnecardError } from '../../errors.js';
import { ExitCode } from '../../model/exit-code.js';
import { describeConnectFailure } from '../failures.js';

/** A pooler that has no backend left makes clients wait for minutes. */
const PATIENCE_MS = 5_000;
/** So many transactions are held open at once while the first client looks whether its backend is still its own. */
const NEIGHBOURS = 3;

/** Sessions through a pooler that lends a backend for each transaction share their settings with strangers. */
const refusal = () =>
  new OnecardError(
    'A connection pooler stands between, and gives every transaction another session: settings, locks and the read-only guard would reach other clients.',
    {
      remedy:
        'Connect to the database server itself, or through a pool in session mode (PgBouncer: pool_mode = session).',
    },
  );

/**
 * A server tells each client the process that serves it; a pooler tells something else. Then a few clients open
 * transactions: where one of them is served by the backend of a client that is still connected, or that one by
 * another than before, backends go with transactions.
 * @throws OnecardError where they do, and for any failure to connect.
 */
export async function refuseTransactionPooling(login: pg.ClientConfig): Promise<void> {
  const clients: pg.Client[] = [];
  const connect = async () => {
    const client = new pg.Client(login);
    // What breaks shows in the next query; the event would end the process.
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  try {
    const first = await connect();
    const backend = await backendOf(first);
    if (backend === toldTo(first)) return;
    const taken = new Set([backend]);
    for (let number = 0; number < NEIGHBOURS; number++) {
      const neighbour = await inTime(connect());
      await inTime(neighbour.query('BEGIN READ ONLY'));
      const its = await inTime(backendOf(neighbour));
      if (taken.has(its) || (await inTime(backendOf(first))) !== backend) throw refusal();
      taken.add(its);
    }
  } catch (error) {
    throw isStatementPooling(error) ? refusal() : describeConnectFailure(error);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

const toldTo = (client: pg.Client) => ('processID' in client ? Number(client.processID) : undefined);

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return Number(rows[0]?.pid);
}

/** PgBouncer does not let a transaction begin where it pools by statement. */
const isStatementPooling = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === '08P01' && /pool/i.test(error.message);

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new OnecardError(
            `A connection pooler stands between, and has given no further session within ${PATIENCE_MS / 1000} s.`,
            {
              remedy: 'Connect to the database server itself, or give the pool at least five sessions.',
              exitCode: ExitCode.Failed,
            },
          ),
        ),
      PATIENCE_MS,
    );
  });
  // It may fail after the time is over.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
