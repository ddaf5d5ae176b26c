import type { Preset } from './preset.js';

const sameName = (...columns: string[]) => Object.fromEntries(columns.map((name) => [name, { from: name }]));

/** The schema of the embedded sample (`fixtures/sample`). */
export const sample: Preset = {
  preset: 'sample',
  operators: {
    table: 'operator',
    key: 'id',
    link: 'person_id',
    name: ['first_name', 'last_name'],
    rows: { column: 'kind', is: 'operator' },
    apiAccount: { column: 'api_account', is: true },
    excluded: { column: 'demo_account', is: true },
    archived: { column: 'archived', is: true },
    anonymized: { column: 'anonymized', is: true },
    lastLogin: 'last_login_at',
    licence: 'licence',
    branch: { column: 'name', table: 'branch', on: { id: 'branch_id' } },
  },
  persons: {
    table: 'person',
    key: 'id',
    name: ['first_name', 'last_name'],
    ssp: { column: 'ssp_access', granted: true, denied: false },
    caller: { column: 'selectable_as_caller', granted: true, denied: false },
    archived: { column: 'archived', is: true },
    anonymized: { column: 'anonymized', is: true },
    lastLogin: 'ssp_last_login_at',
  },
  // The SSP login name is a credential: it identifies a person, and is never copied.
  card: sameName(
    'first_name',
    'last_name',
    'email',
    'employee_number',
    'network_login_name',
    'mainframe_login_name',
    'telephone',
    'mobile',
    'job_title',
    'branch_id',
    'department_id',
    'location_id',
    'archived',
    'archived_reason',
    'anonymized',
  ),
  volatileColumns: { operators: ['updated_at'], persons: ['updated_at'] },
  match: {
    keys: {
      loginName: { operator: 'login_name', person: 'ssp_login_name' },
      email: { operator: 'email', person: 'email' },
      employeeNumber: { operator: 'employee_number', person: 'employee_number' },
      networkLogin: { operator: 'network_login_name', person: 'network_login_name' },
      mainframeLogin: { operator: 'mainframe_login_name', person: 'mainframe_login_name' },
    },
  },
};
