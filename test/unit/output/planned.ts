import type { Configuration, Value } from '../../../src/model/configuration.js';
import type { PlannedOperator } from '../../../src/model/decision.js';
import type { Policies } from '../../../src/model/policies.js';

const policies: Policies = {
  onMatch: 'review',
  archivedOperators: 'include',
  anonymizedOperators: 'include',
  archivedPersons: 'candidates',
  onContradiction: 'review',
  onSharedKey: 'review',
};

const sameNamed = [
  'first_name',
  'last_name',
  'email',
  'employee_number',
  'network_login_name',
  'telephone',
  'mobile',
  'job_title',
  'branch_id',
];

const own = (column: string): Value => ({ column, rows: undefined });

/** A configuration like the sample's. */
export function configurationWith(changed: Partial<Policies> = {}): Configuration {
  return {
    preset: 'sample',
    digest: '0'.repeat(64),
    text: '{}',
    placeOf: () => '',
    operators: {
      table: { schema: undefined, name: 'operator' },
      key: 'id',
      link: 'person_id',
      name: [own('first_name'), own('last_name')],
      rows: { column: 'kind', is: 'operator' },
      apiAccount: { column: 'api_account', is: true },
      excluded: { column: 'demo_account', is: true },
      archived: { column: 'archived', is: true },
      anonymized: { column: 'anonymized', is: true },
      lastLogin: [],
      licence: undefined,
      branch: undefined,
    },
    persons: {
      table: { schema: undefined, name: 'person' },
      key: 'id',
      name: [own('first_name'), own('last_name')],
      ssp: { column: 'ssp_access', granted: true, denied: false },
      caller: { column: 'selectable_as_caller', granted: true, denied: false },
      archived: { column: 'archived', is: true },
      anonymized: undefined,
      lastLogin: [],
    },
    card: [
      ...sameNamed.map((column) => ({ column, source: { from: own(column), onMisfit: 'review' as const } })),
      { column: 'archived', source: { from: own('archived'), onMisfit: 'review' } },
      { column: 'origin', source: { value: 'operator card' } },
    ],
    unmapped: { sameName: 'leave', required: 'refuse', except: [] },
    references: [],
    volatileColumns: { operators: [], persons: [] },
    match: { keys: [{ name: 'email', operator: own('email'), person: own('email') }], ignoreValues: ['-'] },
    policies: { ...policies, ...changed },
  };
}

const operatorKey = (number: number) => `0a000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const personKey = (number: number) => `0b000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** An operator whom no person shares a key with; it gets a card. */
export function planned(changed: Partial<PlannedOperator> = {}): PlannedOperator {
  return {
    operator: operatorKey(71),
    name: "Zoë O'Brien",
    decision: 'create',
    action: 'create',
    reason: 'no-candidate',
    finding: null,
    person: null,
    candidates: [],
    candidateCount: 0,
    evidence: [],
    card: {
      first_name: 'Zoë',
      last_name: "O'Brien",
      email: "zoe.o'brien@example.com ",
      employee_number: '',
      network_login_name: 'CORP\\nina',
      telephone: '+31 15 270 09 00',
      mobile: null,
      job_title: 'Second-line support engineer',
      branch_id: '0d000000-0000-4000-8000-000000000001',
      archived: false,
      origin: 'operator card',
      ssp_access: false,
      selectable_as_caller: false,
    },
    ...changed,
  };
}

/** An operator with exactly one candidate; what happens to it is the policy's choice. */
export function matched(changed: Partial<PlannedOperator> = {}): PlannedOperator {
  return planned({
    operator: operatorKey(30),
    name: 'Anna Berg',
    decision: 'match',
    action: 'none',
    reason: 'match',
    person: personKey(30),
    candidates: [personKey(30)],
    candidateCount: 1,
    evidence: [
      { key: 'email', value: 'anna.berg@example.com', persons: 1, operators: 1 },
      { key: 'loginName', value: 'aberg', persons: 1, operators: 1 },
    ],
    card: null,
    ...changed,
  });
}

/** An operator that a human has to judge. */
export function doubtful(changed: Partial<PlannedOperator> = {}): PlannedOperator {
  return matched({ operator: operatorKey(90), name: 'Team Mailbox', decision: 'review', ...changed });
}
