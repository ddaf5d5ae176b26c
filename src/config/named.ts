import type { Table } from '../database/schema.js';
import type { Configuration, LastLogin } from '../model/configuration.js';
import { cardFields } from './card-fields.js';
import type { CheckedKey, CheckedLogin, CheckedReference } from './checked.js';
import type { Layout } from './layout.js';
import type { Resolver } from './resolver.js';

/** What the configuration names of the two tables; the branch is for reports alone. */
export type Named = Pick<Layout, 'operatorKey' | 'personKey' | 'person' | 'keys' | 'card'> & {
  readonly operator: Omit<Layout['operator'], 'branch'>;
};

/** Undefined where something without which nothing works is missing; the resolver has noted it. */
export async function findNamed(
  find: Resolver,
  configuration: Configuration,
  operators: Table,
  persons: Table,
): Promise<Named | undefined> {
  const { operators: o, persons: p, volatileColumns } = configuration;
  const operatorKey = find.column(['operators', 'key'], operators, o.key);
  const personKey = find.column(['persons', 'key'], persons, p.key);
  const ofOperator = (option: 'rows' | 'apiAccount' | 'excluded' | 'archived' | 'anonymized') => {
    const condition = o[option];
    return condition && find.condition(['operators', option], operators, condition);
  };
  const ofPerson = (option: 'archived' | 'anonymized') => {
    const condition = p[option];
    return condition && find.condition(['persons', option], persons, condition);
  };
  const operator = {
    name: await find.values(['operators', 'name'], operators, o.name),
    rows: await ofOperator('rows'),
    apiAccount: await ofOperator('apiAccount'),
    excluded: await ofOperator('excluded'),
    archived: await ofOperator('archived'),
    anonymized: await ofOperator('anonymized'),
    lastLogin: await findLogins(find, operators, o.lastLogin),
    licence: o.licence && (await find.value(['operators', 'licence'], operators, o.licence)),
  };
  const ssp = await find.flag(['persons', 'ssp'], persons, p.ssp);
  const caller = await find.flag(['persons', 'caller'], persons, p.caller);
  const name = await find.values(['persons', 'name'], persons, p.name);
  const archived = await ofPerson('archived');
  const anonymized = await ofPerson('anonymized');
  const lastLogin = await findLogins(find, persons, p.lastLogin);
  for (const [side, table] of [['operators', operators] as const, ['persons', persons] as const])
    volatileColumns[side].forEach((column, index) => {
      find.column(['volatileColumns', side, index], table, column);
    });
  const keys = await findKeys(find, configuration, operators, persons);
  const card = await cardFields(find, configuration, operators, persons);
  if (!operatorKey || !personKey || !ssp || !caller) return undefined;
  const person = { name, ssp, caller, archived, anonymized, lastLogin };
  return { operatorKey, personKey, operator, person, keys, card };
}

async function findLogins(find: Resolver, table: Table, logins: readonly LastLogin[]) {
  const found: CheckedLogin[] = [];
  for (const login of logins) {
    const value = await find.value(login.option, table, login.value);
    if (value !== undefined) found.push({ ...login, value });
  }
  return found;
}

async function findKeys(find: Resolver, { match }: Configuration, operators: Table, persons: Table) {
  const keys: CheckedKey[] = [];
  for (const [index, { name, ...sides }] of match.keys.entries()) {
    const path = ['match', 'keys', name];
    const operator = await find.value([...path, 'operator'], operators, sides.operator);
    const person = await find.value([...path, 'person'], persons, sides.person);
    if (operator && person) keys.push({ name, number: index + 1, operator, person });
  }
  return keys;
}

export async function findReferences(find: Resolver, configuration: Configuration, persons: Table) {
  const references: CheckedReference[] = [];
  for (const [index, named] of configuration.references.entries()) {
    const path = ['references', index];
    const table = await find.table([...path, 'table'], named.table);
    const column = table && find.column([...path, 'column'], table, named.column);
    const holds = find.column([...path, 'holds'], persons, named.holds ?? configuration.persons.key);
    if (table && column && holds) references.push({ table, column, holds });
  }
  return references;
}
