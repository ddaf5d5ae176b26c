import { type Command, InvalidArgumentError, Option } from 'commander';
import { POLICIES, type PolicyName } from '../model/policies.js';
import { REPORT_FORMATS } from '../model/report-format.js';

/** What every command takes that works on a database by a configuration. */
export function shared(command: Command): Command {
  return onDatabase(command).option(
    '--config <file>',
    'the configuration (default: onecard.yaml, else the preset "sample")',
  );
}

/** The same for what needs no configuration. */
export function onDatabase(command: Command): Command {
  return command
    .option('--database-url <url>', 'the database, without a password')
    .option('--json', 'one JSON document on stdout')
    .option('--no-color', 'no colours')
    .option('--no-input', 'never ask')
    .option('--quiet', 'only results and errors')
    .exitOverride()
    .allowExcessArguments(false);
}

export const OUTPUT_TEXT = 'a new file that its owner alone may read; never over one that is there';

export const formatOption = () =>
  new Option('--format <format>', 'how to write it (default: as the file is called, else a table)').choices(
    REPORT_FORMATS,
  );

/** How the transactions of whatever writes are bounded, so that others can go on. */
export function withBatches(command: Command): Command {
  return command
    .option('--batch-time <ms>', 'how long the transaction of a batch should take', positiveNumber, 250)
    .option(
      '--batch-size <n>',
      'operators per transaction (default: as many as fit the time)',
      positiveNumber,
    )
    .option('--lock-timeout <ms>', 'how long to wait for rows that others hold', positiveNumber, 200);
}

const POLICY_TEXTS: Readonly<Record<PolicyName, string>> = {
  onMatch: 'an operator with exactly one matching person',
  archivedOperators: 'archived operators',
  anonymizedOperators: 'anonymized operators',
  archivedPersons: 'archived persons',
  onContradiction: 'a match that differs in another key',
  onSharedKey: 'operators that share a key with another operator',
};

/** The policies as flags; their values are checked with those of the configuration. */
export function withPolicies(command: Command): Command {
  for (const policy of Object.keys(POLICIES) as PolicyName[]) {
    const flag = policy.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    command.option(`--${flag} <policy>`, `${POLICY_TEXTS[policy]}: ${POLICIES[policy].join(' | ')}`);
  }
  return command;
}

/** The next time that clocks here show it. */
export function timeOfDay(text: string): Date {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined)
    throw new InvalidArgumentError('It has to be a time of day, such as 04:30.');
  const time = new Date();
  time.setHours(Number(hours), Number(minutes), 0, 0);
  if (time.getTime() <= Date.now()) time.setDate(time.getDate() + 1);
  return time;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @returns milliseconds. */
export function duration(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNITS[unit] ?? Number.NaN);
  // Timers of this platform count to 2^31.
  if (!(milliseconds > 0 && milliseconds < 2 ** 31))
    throw new InvalidArgumentError('It has to be a time of at most 24 days, such as 90s, 15m or 2h.');
  return milliseconds;
}

/** A day of the calendar; kept as it was written. */
export function day(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text))
    throw new InvalidArgumentError('It has to be a day of the calendar, such as 2026-06-30.');
  return text;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.');
  return Number(text);
}

export function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It has to be at least 1.');
  return number;
}
