import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { type DriverError, isDriverError, wordsOf } from './driver-error.js';

const failing = { exitCode: ExitCode.Failed };

interface Known {
  readonly message: string | ((error: DriverError) => string);
  readonly remedy: string;
  readonly exitCode?: ExitCode;
}

const broken: Known = {
  message: 'The connection to the database broke',
  remedy: 'Check the server, then run the same command again.',
  ...failing,
};
const untrusted: Known = {
  message: 'The certificate of the database server is not trusted',
  remedy: 'Name the authority that signed it in the database URL, as the driver of that server expects it.',
};
const readOnly: Known = {
  message: 'The database is read-only',
  remedy: 'Run against the primary server; a dry run works on a replica.',
  ...failing,
};
const unprivileged: Known = {
  message: 'The database user lacks a privilege',
  remedy: 'Grant it, or use another database user; the README lists the privileges of each command.',
};
const full: Known = {
  message: 'The database server has no connection left',
  remedy: 'Wait until others have ended, or raise max_connections.',
  ...failing,
};
const locked: Known = {
  message: 'Another session holds a lock for too long',
  remedy: 'Run the same command again when that session has ended; nothing was left half-done.',
  ...failing,
};
const noDatabase: Known = {
  message: 'The server has no such database',
  remedy: 'Check the database name at the end of the URL.',
};
const refused = (where: string): Known => ({
  message: 'The database server refused the user or the password',
  remedy: `Check the user and the password in DATABASE_URL${where}.`,
});
const refusedByMysql = refused(' or MYSQL_PWD');

/** Codes of Node, PostgreSQL (SQLSTATE) and MySQL/MariaDB that a user can do something about. */
const KNOWN: Readonly<Record<string, Known>> = {
  ENOTFOUND: {
    message: ({ hostname }) => `The database host ${hostname ?? ''} is unknown`,
    remedy: 'Check the host name in the database URL.',
  },
  EAI_AGAIN: {
    message: ({ hostname }) => `The database host ${hostname ?? ''} cannot be looked up`,
    remedy: "Check the host name in the database URL, and this machine's network and name server.",
  },
  ECONNREFUSED: {
    message: (error) => `No database server answers${placeOf(error)}`,
    remedy: 'Check host and port in the database URL, and that the server runs.',
    ...failing,
  },
  ETIMEDOUT: {
    message: (error) => `The database server does not answer in time${placeOf(error)}`,
    remedy: 'Check host and port in the database URL, the firewall, and that it is a server of that kind.',
    ...failing,
  },
  EHOSTUNREACH: {
    message: (error) => `The database host cannot be reached${placeOf(error)}`,
    remedy: 'Check host and port in the database URL, and the network.',
    ...failing,
  },
  ECONNRESET: broken,
  EPIPE: broken,
  PROTOCOL_CONNECTION_LOST: broken,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  '28P01': refused(', PGPASSWORD or .pgpass'),
  '28000': {
    message: 'The database server refused the user',
    remedy: 'Check the user in the database URL, and what pg_hba.conf allows it.',
  },
  '3D000': noDatabase,
  '25006': readOnly,
  ER_OPTION_PREVENTS_STATEMENT: readOnly,
  '42501': unprivileged,
  '55P03': locked,
  ER_LOCK_WAIT_TIMEOUT: locked,
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
  '53300': full,
  ER_CON_COUNT_ERROR: full,
  '53100': {
    message: 'The database server has no disk space left',
    remedy: 'Make space, then run the same command again.',
    ...failing,
  },
  ER_ACCESS_DENIED_ERROR: refusedByMysql,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: refusedByMysql,
  ER_HOST_NOT_PRIVILEGED: {
    message: 'The database server lets nobody in from this machine',
    remedy: "Create the user for this machine's address on the server.",
  },
  ER_DBACCESS_DENIED_ERROR: {
    message: 'The user may not use this database',
    remedy: 'Check the database name at the end of the URL, or grant the user access.',
  },
  ER_BAD_DB_ERROR: noDatabase,
  ER_TABLEACCESS_DENIED_ERROR: unprivileged,
  ER_COLUMNACCESS_DENIED_ERROR: unprivileged,
  ER_SPECIFIC_ACCESS_DENIED_ERROR: unprivileged,
};

/** The operating system's codes say all there is to say; servers say more in their message. */
const placeOf = ({ address, port }: DriverError) =>
  address === undefined ? '' : ` at ${address}${port === undefined ? '' : `:${port}`}`;

/** Row-level security hides rows; the session asks for an error instead (`row_security = off`). */
const ROWS_HIDDEN: Known = {
  message: 'Row-level security would hide rows from this database user',
  remedy: 'Use a role with BYPASSRLS, or the owner of the table: every operator has to be seen.',
};

/**
 * An error of the driver or server as one the user can mend, where it is one. What the server says of the
 * cause is kept; drivers do not repeat passwords in it.
 */
function describeFailure(error: unknown): unknown {
  // Described already, whatever words it uses; or no failure but somebody's wish to end.
  if (error instanceof OnecardError || error instanceof DOMException) return error;
  // Several addresses of one host were tried: the first failure stands for all.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!isDriverError(first)) return cutOff(error) ?? timedOut(error) ?? error;
  const known = first.routine === 'check_enable_rls' ? ROWS_HIDDEN : KNOWN[first.code];
  if (known === undefined) return serverError(first) ?? error;
  const { message, remedy, exitCode } = known;
  const said =
    typeof message === 'string' ? `${message}: ${wordsOf(first)}` : `${message(first)} (${first.code})`;
  return new OnecardError(sentence(said), {
    remedy,
    ...(exitCode !== undefined && { exitCode }),
    cause: error,
  });
}

/** Does the work, and throws its failure as one the user can mend. */
export async function described<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw describeFailure(error);
  }
}

/** The same while the connection is made, when whatever goes wrong has to do with the server or the URL. */
export function describeConnectFailure(error: unknown): unknown {
  const described = describeFailure(error);
  if (described instanceof OnecardError || !(described instanceof Error)) return described;
  const isPassword = /client password must be a/.test(described.message);
  return new OnecardError(
    isPassword
      ? 'The database server asks for a password, and none is given.'
      : sentence(`The connection to the database cannot be made: ${described.message}`),
    {
      remedy: isPassword
        ? 'Give it in DATABASE_URL, DATABASE_URL_FILE, PGPASSWORD or .pgpass.'
        : 'Check the database URL: kind, host, port, and the options behind the "?".',
      ...(!isPassword && failing),
      cause: error,
    },
  );
}

const sentence = (text: string) => (text.endsWith('.') ? text : `${text}.`);

/** What the drivers say, without a code, when they are asked for a statement after the connection has broken. */
const CUT_OFF = /is not queryable|connection is in closed state/i;

function cutOff(error: unknown): OnecardError | undefined {
  if (!(error instanceof Error) || !CUT_OFF.test(error.message)) return undefined;
  return new OnecardError('The connection to the database broke.', {
    remedy: broken.remedy,
    ...failing,
    cause: error,
  });
}

function timedOut(error: unknown): OnecardError | undefined {
  if (!(error instanceof Error) || !/timeout|terminated unexpectedly/i.test(error.message)) return undefined;
  return new OnecardError(sentence(`The database server does not answer: ${error.message}`), {
    remedy: 'Check host and port in the database URL, the firewall, and that the server runs.',
    ...failing,
    cause: error,
  });
}

/** SQLSTATEs hold a digit; the operating system's codes, such as EPERM, do not. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Any other refusal by the server: its own words, without a stack trace. */
function serverError(error: DriverError): OnecardError | undefined {
  const isServers = SQLSTATE.test(error.code) || error.code.startsWith('ER_') || error.sqlState !== undefined;
  if (!isServers) return undefined;
  return new OnecardError(`The database server refused a statement: ${wordsOf(error)} (${error.code}).`, {
    remedy: 'Mend what it names, then run the same command again.',
    ...failing,
    cause: error,
  });
}
