import { POLICIES } from '../model/policies.js';

/** What every configuration starts from; a preset and the user's file override it. */
export const DEFAULTS = {
  unmapped: { sameName: 'leave', required: 'refuse', except: [] },
  volatileColumns: { operators: [], persons: [] },
  references: [],
  match: {
    ignoreValues: ['-', '--', '.', '0', 'n/a', 'na', 'none', 'null', 'unknown', 'x', '?'],
  },
  policies: {
    onMatch: POLICIES.onMatch[0],
    archivedOperators: POLICIES.archivedOperators[0],
    anonymizedOperators: POLICIES.anonymizedOperators[0],
    archivedPersons: POLICIES.archivedPersons[0],
    onContradiction: POLICIES.onContradiction[0],
    onSharedKey: POLICIES.onSharedKey[0],
  },
};
