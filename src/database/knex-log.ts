import type { Knex } from 'knex';

/**
 * knex prints every failure to stdout, stack trace included, and throws it as well: stdout is for data, and
 * what is thrown reaches the user as one sentence.
 */
export const silentLog: Knex.Logger = {
  warn: () => undefined,
  error: () => undefined,
  deprecate: () => undefined,
  debug: () => undefined,
};
