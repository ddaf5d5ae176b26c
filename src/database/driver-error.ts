import { OnecardError } from '../errors.js';

/** An error of Node, of a driver, or of a server as its driver passes it on. */
export interface DriverError {
  readonly code: string;
  readonly message: string;
  /** Of MySQL and MariaDB, where the message repeats the whole statement. */
  readonly sqlMessage?: string;
  readonly sqlState?: string;
  /** Of PostgreSQL: the function that raised it, whatever the language of the message. */
  readonly routine?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
}

export const isDriverError = (error: unknown): error is DriverError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/** What the driver threw, where it was described to the user since. */
export const causeOf = (error: unknown): unknown =>
  error instanceof OnecardError && error.cause !== undefined ? error.cause : error;

export const wordsOf = (error: DriverError): string => error.sqlMessage ?? error.message;
