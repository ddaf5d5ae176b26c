import { createHash } from 'node:crypto';
import { normalized } from '../database/letters.js';
import type {
  Condition,
  Configuration,
  Flag,
  LastLogin,
  OtherRows,
  Portal,
  TableName,
  Value,
} from '../model/configuration.js';
import { placeIn, type Source } from './problems.js';
import type {
  ConditionInput,
  ConfigurationInput,
  LastLoginInput,
  OtherRowsInput,
  ValueInput,
} from './schema.js';

/** From what is written to what the program works with; everything was checked by its schema. */
export function parseConfiguration(input: ConfigurationInput, source: Source | undefined): Configuration {
  const { operators, persons } = input;
  const text = JSON.stringify(input);
  return {
    preset: input.preset,
    text,
    digest: createHash('sha256').update(text).digest('hex'),
    placeOf: (option) => placeIn(source, option),
    operators: {
      table: tableName(operators.table),
      key: operators.key,
      link: operators.link,
      name: operators.name.map(parseValue),
      rows: optional(operators.rows, parseCondition),
      apiAccount: optional(operators.apiAccount, parseCondition),
      excluded: optional(operators.excluded, parseCondition),
      archived: optional(operators.archived, parseCondition),
      anonymized: optional(operators.anonymized, parseCondition),
      lastLogin: parseLastLogin('operators', 'operatorPortal', operators.lastLogin),
      licence: optional(operators.licence, parseValue),
      branch: optional(operators.branch, parseValue),
    },
    persons: {
      table: tableName(persons.table),
      key: persons.key,
      name: persons.name.map(parseValue),
      ssp: parseFlag(persons.ssp),
      caller: parseFlag(persons.caller),
      archived: optional(persons.archived, parseCondition),
      anonymized: optional(persons.anonymized, parseCondition),
      lastLogin: parseLastLogin('persons', 'ssp', persons.lastLogin),
    },
    card: Object.entries(input.card).map(([column, source]) => ({
      column,
      source:
        'from' in source
          ? { from: parseValue(source.from), onMisfit: source.onMisfit ?? 'review' }
          : { value: source.value },
    })),
    unmapped: input.unmapped,
    volatileColumns: input.volatileColumns,
    references: input.references.map(({ table, column, holds }) => ({
      table: tableName(table),
      column,
      holds,
    })),
    match: {
      keys: Object.entries(input.match.keys).map(([name, { operator, person }]) => ({
        name,
        operator: parseValue(operator),
        person: parseValue(person),
      })),
      ignoreValues: input.match.ignoreValues.map(normalized),
    },
    policies: input.policies,
  };
}

function optional<In, Out>(input: In | undefined, parsed: (input: In) => Out): Out | undefined {
  return input === undefined ? undefined : parsed(input);
}

const parseValue = (input: ValueInput): Value =>
  typeof input === 'string'
    ? { column: input, rows: undefined }
    : { column: input.column, rows: parseRows(input) };

function parseLastLogin(
  side: 'operators' | 'persons',
  usual: Portal,
  input: LastLoginInput | undefined,
): LastLogin[] {
  const option = [side, 'lastLogin'];
  if (input === undefined) return [];
  if (typeof input === 'string' || 'column' in input)
    return [{ portal: usual, value: parseValue(input), option }];
  return (['operatorPortal', 'ssp'] as const).flatMap((portal) => {
    const value = input[portal];
    return value === undefined ? [] : [{ portal, value: parseValue(value), option: [...option, portal] }];
  });
}

const parseRows = ({ table, on, where }: OtherRowsInput): OtherRows => ({
  table: tableName(table),
  on: Object.entries(on).map(([theirs, ours]) => ({ theirs, ours })),
  where: optional(where, parseCondition),
});

function parseCondition(input: ConditionInput): Condition {
  if ('row' in input) return { row: parseRows(input.row) };
  if ('all' in input) return { all: input.all.map(parseCondition) };
  if ('any' in input) return { any: input.any.map(parseCondition) };
  if ('not' in input) return { not: parseCondition(input.not) };
  return input;
}

const parseFlag = (input: ConfigurationInput['persons']['ssp']): Flag =>
  'row' in input ? { row: parseRows(input.row) } : input;

function tableName(input: OtherRowsInput['table']): TableName {
  if (typeof input !== 'string') return { schema: input.schema, name: input.name };
  const dot = input.indexOf('.');
  return dot < 0
    ? { schema: undefined, name: input }
    : { schema: input.slice(0, dot), name: input.slice(dot + 1) };
}
