/** The choices a user has in doubtful cases; the first value of each is the default. */
export const POLICIES = {
  onMatch: ['review', 'link', 'create'],
  archivedOperators: ['include', 'skip'],
  anonymizedOperators: ['include', 'skip'],
  archivedPersons: ['candidates', 'ignore'],
  onContradiction: ['review', 'match'],
  onSharedKey: ['review', 'create'],
} as const;

export type PolicyName = keyof typeof POLICIES;
export type Policies = { readonly [P in PolicyName]: (typeof POLICIES)[P][number] };
