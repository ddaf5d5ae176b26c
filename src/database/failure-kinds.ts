import { causeOf, type DriverError, isDriverError, wordsOf } from './driver-error.js';

/**
 * What a failure is about:
 * busy    others are at work on the same rows; it may go well the next time
 * lost    the connection or the server is gone; whether a commit took place is not known
 * data    the server refuses what the statement writes: one of its rows is at fault
 * other   anything else: the next time is no better
 */
export type FailureKind = 'busy' | 'lost' | 'data' | 'other';

const BUSY = [
  '40001',
  '40P01',
  '55P03',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
  // MariaDB says 1969 for max_statement_time, which bounds the waiting for locks; the driver knows no name for it.
  1969,
];
const LOST = [
  ...['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'PROTOCOL_CONNECTION_LOST'],
  ...['57P01', '57P02', '57P03', '53300'],
  ...['ER_SERVER_SHUTDOWN', 'ER_CON_COUNT_ERROR', 'ER_NEW_ABORTING_CONNECTION', 1927],
];
/** Of drivers that lost their connection, and have no code for it. */
const LOST_WORDS =
  /connection terminated|connection ended|closed state|not queryable|timeout acquiring a connection|timeout exceeded when trying to connect|connect ETIMEDOUT/i;
/** Integrity and data exceptions, and what triggers raise by themselves. */
const DATA = /^(22|23|44|45)|^P0001$/;
/** Data exceptions with the SQLSTATE of anything: truncated, incorrect string value, out of range. */
const DATA_NUMBERS = [1265, 1366, 1690, 3819, 4025];

/** The server took it, but it must not stay: one of the rows written is at fault, as if the server had refused it. */
export class RowAtFault extends Error {}

export function kindOfFailure(error: unknown): FailureKind {
  if (error instanceof RowAtFault) return 'data';
  const cause = causeOf(error);
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (!(first instanceof Error)) return 'other';
  const code = 'code' in first ? first.code : undefined;
  const number = 'errno' in first ? first.errno : undefined;
  const isOneOf = (known: readonly unknown[]) => known.includes(code) || known.includes(number);
  if (isOneOf(BUSY)) return 'busy';
  if (isOneOf(LOST) || LOST_WORDS.test(first.message) || /^08/.test(String(code))) return 'lost';
  const state = 'sqlState' in first ? first.sqlState : code;
  if (DATA.test(String(state)) || DATA_NUMBERS.includes(Number(number))) return 'data';
  return 'other';
}

/** Before what the database's own code says: it may be anything, and is not the server's. */
export const RAISED = 'raised by a trigger: ';

/** RAISE and ASSERT of PL/pgSQL, whatever SQLSTATE they give; SIGNAL, where it gives no error number of its own. */
const isRaised = ({ code, routine }: DriverError) =>
  code === 'ER_SIGNAL_EXCEPTION' || /^exec_stmt_(?:raise|assert)$/.test(routine ?? '');

/** What the server itself says of a failure, without its code and remedy. */
export function serverWords(error: unknown): string {
  const cause = causeOf(error);
  if (isDriverError(cause)) return `${isRaised(cause) ? RAISED : ''}${wordsOf(cause)}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** The error is one of these, by its code. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  const cause = causeOf(error);
  return isDriverError(cause) && codes.includes(cause.code);
}

const DENIED = [
  '42501',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
];

/** The user lacks a privilege. */
export const isDenied = (error: unknown) => hasCode(error, DENIED);

/** A server refuses a write for being in a read-only session, or for being read-only itself. */
const READ_ONLY = ['25006', 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', 'ER_OPTION_PREVENTS_STATEMENT'];

export const isReadOnlyRefusal = (error: unknown) => hasCode(error, READ_ONLY);
