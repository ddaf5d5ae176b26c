import type { Plain } from './proposal.js';
import type { Concept, VALUE_WORDS } from './words.js';

/** What a condition of the configuration is about. */
export type Purpose = 'archived' | 'anonymized' | 'apiAccount' | 'group' | 'excluded';

/** Something that tells such rows. */
export interface Sign {
  readonly condition: Plain;
  /** The other rows; where a comparison does, which leaves out NULL. */
  readonly negation?: Plain;
  readonly because: string;
  /** Without it, what holds is not sure, or what the values mean. */
  readonly isSure: boolean;
  /** What makes it unsure, or what else a human has to look at. */
  readonly doubt: string | undefined;
}

/** What a column of flags or codes is called where it serves a purpose, and what its values say. */
export const CONCEPTS: Readonly<Record<Purpose, readonly Concept[]>> = {
  archived: ['archived', 'active', 'status'],
  anonymized: ['anonymized', 'status'],
  apiAccount: ['apiAccount', 'kind'],
  group: ['group', 'kind'],
  excluded: ['excluded', 'kind'],
};
export const SAYINGS: Readonly<Record<Purpose, keyof typeof VALUE_WORDS>> = {
  archived: 'archived',
  anonymized: 'anonymized',
  apiAccount: 'api',
  group: 'group',
  excluded: 'excluded',
};
export const NOUNS: Readonly<Record<Purpose, string>> = {
  archived: 'archived',
  anonymized: 'anonymized',
  apiAccount: 'an API account',
  group: 'a group or template',
  excluded: 'a demo or test account',
};
export const PLURALS: Readonly<Record<Purpose, string>> = {
  ...NOUNS,
  apiAccount: 'API accounts',
  group: 'groups or templates',
  excluded: 'demo or test accounts',
};
