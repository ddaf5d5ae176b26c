import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';

interface DriverError {
  readonly code: string;
  readonly message: string;
  readonly sqlMessage?: string;
  readonly address?: string;
  readonly port?: number;
  readonly errors?: readonly unknown[];
}

const isDriverError = (error: unknown): error is DriverError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

const failing = { exitCode: ExitCode.Failed };

/** Codes of Node, PostgreSQL (SQLSTATE) and MySQL/MariaDB that a user can do something about. */
const KNOWN: Readonly<Record<string, { message: string; remedy: string; exitCode?: ExitCode }>> = {
  ENOTFOUND: { message: 'The database host is unknown', remedy: 'Check the host name in the database URL.' },
  EAI_AGAIN: { message: 'The database host is unknown', remedy: 'Check the host name in the database URL.' },
  ECONNREFUSED: {
    message: 'No database server answers',
    remedy: 'Check host and port, and that the server runs.',
    ...failing,
  },
  ETIMEDOUT: {
    message: 'The database server does not answer in time',
    remedy: 'Check host, port and firewall.',
    ...failing,
  },
  ECONNRESET: {
    message: 'The connection to the database broke',
    remedy: 'Check the server, then run the same command again.',
    ...failing,
  },
  PROTOCOL_CONNECTION_LOST: {
    message: 'The connection to the database broke',
    remedy: 'Check the server, then run the same command again.',
    ...failing,
  },
  '28P01': {
    message: 'The database refused the user or password',
    remedy: 'Check the user and the password in DATABASE_URL, PGPASSWORD or .pgpass.',
  },
  '28000': {
    message: 'The database refused the user',
    remedy: 'Check the user, and what pg_hba.conf allows it.',
  },
  '3D000': { message: 'The database does not exist', remedy: 'Check the database name in the URL.' },
  '25006': {
    message: 'The database is read-only',
    remedy: 'Run against the primary server; a dry run works on a replica.',
    ...failing,
  },
  ER_OPTION_PREVENTS_STATEMENT: {
    message: 'The database is read-only',
    remedy: 'Run against the primary server; a dry run works on a replica.',
    ...failing,
  },
  '42501': {
    message: 'The database user lacks a privilege',
    remedy: 'Grant it; the README lists the privileges of each command.',
  },
  '55P03': {
    message: 'Another session holds a lock for too long',
    remedy: 'The batch was rolled back; run the same command again to go on.',
    ...failing,
  },
  ER_LOCK_WAIT_TIMEOUT: {
    message: 'Another session holds a lock for too long',
    remedy: 'The batch was rolled back; run the same command again to go on.',
    ...failing,
  },
  '57P01': {
    message: 'The database server is shutting down',
    remedy: 'Run the same command again when it is up.',
    ...failing,
  },
  '57P03': {
    message: 'The database server is starting up or shutting down',
    remedy: 'Run the same command again in a moment.',
    ...failing,
  },
  '53300': {
    message: 'The database server has no connection left',
    remedy: 'Wait, or raise max_connections.',
    ...failing,
  },
  '53100': {
    message: 'The database server has no disk space left',
    remedy: 'Make space, then run the same command again.',
    ...failing,
  },
  ER_ACCESS_DENIED_ERROR: {
    message: 'The database refused the user or password',
    remedy: 'Check the user and the password in DATABASE_URL or MYSQL_PWD.',
  },
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: {
    message: 'The database refused the user or password',
    remedy: 'Check the user and the password in DATABASE_URL or MYSQL_PWD.',
  },
  ER_DBACCESS_DENIED_ERROR: {
    message: 'The user may not use this database',
    remedy: 'Check the database name, or grant the user access.',
  },
  ER_BAD_DB_ERROR: { message: 'The database does not exist', remedy: 'Check the database name in the URL.' },
  ER_TABLEACCESS_DENIED_ERROR: {
    message: 'The database user lacks a privilege',
    remedy: 'Grant it; the README lists the privileges of each command.',
  },
  ER_COLUMNACCESS_DENIED_ERROR: {
    message: 'The database user lacks a privilege',
    remedy: 'Grant it; the README lists the privileges of each command.',
  },
  ER_SPECIFIC_ACCESS_DENIED_ERROR: {
    message: 'The database user lacks a privilege',
    remedy: 'Grant it; the README lists the privileges of each command.',
  },
};

/**
 * An error of the driver or server as one the user can mend, where it is one. What the server says of the
 * cause is kept; drivers do not repeat passwords in it.
 */
export function describeFailure(error: unknown): unknown {
  // Several addresses of one host were tried: the first failure stands for all.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!isDriverError(first)) return timedOut(error) ?? error;
  const known = KNOWN[first.code];
  if (known === undefined) return serverError(first) ?? error;
  const { message, remedy, exitCode } = known;
  return new OnecardError(`${message}: ${first.sqlMessage ?? first.message}.`.replace('..', '.'), {
    remedy,
    ...(exitCode !== undefined && { exitCode }),
    cause: error,
  });
}

function timedOut(error: unknown): OnecardError | undefined {
  if (!(error instanceof Error) || !/timeout|terminated unexpectedly/i.test(error.message)) return undefined;
  return new OnecardError(`The database server does not answer: ${error.message}.`, {
    remedy: 'Check host, port and firewall.',
    ...failing,
    cause: error,
  });
}

/** Any other refusal by the server: its own words, without a stack trace. */
function serverError(error: DriverError): OnecardError | undefined {
  const isServers = /^[0-9A-Z]{5}$/.test(error.code) || error.code.startsWith('ER_');
  if (!isServers) return undefined;
  return new OnecardError(`The database says: ${error.sqlMessage ?? error.message} (${error.code}).`, {
    ...failing,
    cause: error,
  });
}

/** A server refuses a write for being in a read-only session, or for being read-only itself. */
const READ_ONLY = ['25006', 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', 'ER_OPTION_PREVENTS_STATEMENT'];

export function isReadOnlyRefusal(error: unknown): boolean {
  const cause = error instanceof OnecardError ? error.cause : error;
  return isDriverError(cause) && READ_ONLY.includes(cause.code);
}
