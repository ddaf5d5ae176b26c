import type { PolicyFlags } from '../config/load.js';
import { POLICIES, type PolicyName } from '../model/policies.js';
import type { SharedFlags } from './terminal.js';

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** The flags to type for another command to work on the same database: ` --config FILE`, for a shell. */
export const samePlace = ({ config, databaseUrl }: SharedFlags, more: Flags = {}): string =>
  typed({ config, databaseUrl, ...more });

/** The same for a command that decides about operators: it would decide otherwise with other policies. */
export function samePolicies(flags: SharedFlags & PolicyFlags, more: Flags = {}): string {
  return samePlace(flags, { ...policiesOf(flags), ...more });
}

/** Those that were given. */
export const policiesOf = (flags: PolicyFlags): PolicyFlags =>
  Object.fromEntries((Object.keys(POLICIES) as PolicyName[]).map((policy) => [policy, flags[policy]]));

/** The same for one that does what humans have decided. */
export const sameDecisions = (
  flags: SharedFlags & PolicyFlags & { readonly decisions?: string },
  more: Flags = {},
): string => samePolicies(flags, { decisions: flags.decisions, ...more });

/** The same as arguments, for a process. */
export function argumentsFrom(
  flags: Readonly<Record<string, string | number | boolean | undefined>>,
): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
}

const typed = (flags: Flags) =>
  argumentsFrom(flags)
    .map((argument) => ` ${inShell(argument)}`)
    .join('');

/** As it is where no shell would read it otherwise. */
const inShell = (text: string) =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
