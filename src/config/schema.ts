import { z } from 'zod';
import { POLICIES } from '../model/policies.js';

/**
 * The shape of `onecard.yaml` after its preset is filled in. Objects are strict, so that a misspelt
 * option is an error and never silently ignored.
 */

/** What a value of several forms has to be, in words that go on after the option's name. */
const either = (forms: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? 'is missing' : `has to be ${forms}`),
});

const scalar = z.union([z.string(), z.number(), z.boolean()], either('a text, a number, true or false'));
const column = z.string().min(1).describe('a column name');
const table = z
  .string()
  .regex(/^[^.]+(\.[^.]+)?$/, 'has to be a table name, or schema.table')
  .describe('a table name, or schema.table');

const condition: z.ZodType<ConditionInput> = z.lazy(() =>
  z.union(
    [
      z.strictObject({ column, is: scalar }),
      z.strictObject({ column, isNot: scalar }),
      z.strictObject({ column, in: z.array(scalar).min(1) }),
      z.strictObject({ column, isNull: z.boolean() }),
      z.strictObject({ all: z.array(condition).min(1) }),
      z.strictObject({ any: z.array(condition).min(1) }),
    ],
    either(
      'a condition: {column: …, is: …}, {column: …, isNot: …}, {column: …, in: […]}, {column: …, isNull: true}, {all: […]} or {any: […]}',
    ),
  ),
);

type ScalarInput = string | number | boolean;
export type ConditionInput =
  | { column: string; is: ScalarInput }
  | { column: string; isNot: ScalarInput }
  | { column: string; in: ScalarInput[] }
  | { column: string; isNull: boolean }
  | { all: ConditionInput[] }
  | { any: ConditionInput[] };

const flag = z.strictObject({ column, granted: scalar, denied: scalar });
const cardSource = z.union(
  [z.strictObject({ from: column }), z.strictObject({ value: z.union([scalar, z.null()]) })],
  either('{from: a column of the operator table} or {value: a constant}'),
);

export const configurationSchema = z.strictObject({
  preset: z.enum(['sample']).optional(),
  operators: z.strictObject({
    table,
    key: column,
    link: column,
    name: z.array(column).min(1),
    rows: condition.optional(),
    apiAccount: condition.optional(),
    excluded: condition.optional(),
    archived: condition.optional(),
    anonymized: condition.optional(),
    lastLogin: column.optional(),
  }),
  persons: z.strictObject({
    table,
    key: column,
    name: z.array(column).min(1),
    ssp: flag,
    caller: flag,
    archived: condition.optional(),
    anonymized: condition.optional(),
  }),
  card: z.record(column, cardSource),
  volatileColumns: z.strictObject({ operators: z.array(column), persons: z.array(column) }),
  references: z.array(z.strictObject({ table, column })),
  match: z.strictObject({
    keys: z
      .record(z.string().min(1), z.strictObject({ operator: column, person: column }))
      .refine((keys) => Object.keys(keys).length > 0, 'needs at least one key'),
    ignoreValues: z.array(z.string()),
  }),
  policies: z.strictObject({
    onMatch: z.enum(POLICIES.onMatch),
    archivedOperators: z.enum(POLICIES.archivedOperators),
    anonymizedOperators: z.enum(POLICIES.anonymizedOperators),
    archivedPersons: z.enum(POLICIES.archivedPersons),
    onContradiction: z.enum(POLICIES.onContradiction),
    onSharedKey: z.enum(POLICIES.onSharedKey),
  }),
});

export type ConfigurationInput = z.infer<typeof configurationSchema>;
