import { z } from 'zod';
import { POLICIES } from '../model/policies.js';

/**
 * The shape of `onecard.yaml` after its preset is filled in. Objects are strict, so that a misspelt
 * option is an error and never silently ignored. Editors get the same as JSON Schema.
 */

/** What a value of several forms has to be, in words that go on after the option's name. */
const either = (forms: string) => ({
  error: ({ input }: { input?: unknown }) => {
    if (input === undefined) return 'is missing';
    return input === null ? 'is empty' : `has to be ${forms}`;
  },
});

/** YAML reads digits as a number, and a number has 53 bits. */
const number = z
  .number()
  .refine(
    (given) => !Number.isInteger(given) || Number.isSafeInteger(given),
    'has too many digits for a number: put it in quotes',
  );
const scalar = z.union([z.string(), number, z.boolean()], either('a text, a number, true or false'));
const compared = z.union([z.string(), number, z.boolean()], {
  error: ({ input }) =>
    input === null
      ? 'is empty: for NULL there is {column: …, isNull: true}'
      : 'has to be a text, a number, true or false',
});
const column = z.string().min(1).describe('A column name.');
const TABLE = 'a table name, schema.table, or {schema: …, name: …}';
const table = z
  .union(
    [
      z.string().regex(/^[^.]+(\.[^.]+)?$/, `has to be ${TABLE}`),
      z.strictObject({ schema: z.string().min(1).optional(), name: z.string().min(1) }),
    ],
    either(TABLE),
  )
  .describe('A table name, schema.table, or {schema, name} where a name holds a dot.');

const on = z
  .record(z.string().min(1), column)
  .refine((pairs) => Object.keys(pairs).length > 0, 'must not be empty')
  .describe('Which rows belong to ours: {a column of that table: a column of ours}.');

const otherRows = z.strictObject({
  table,
  on,
  get where() {
    return condition.optional().describe('Which of these rows; about columns of that table.');
  },
});

const valueElsewhere = z.strictObject({
  column,
  table,
  on,
  get where() {
    return condition.optional();
  },
});
const value = z
  .union(
    [column, valueElsewhere],
    either('a column name, or {column: …, table: …, on: {their column: our column}}'),
  )
  .describe('A column name, or a column of rows of another table.');

const lastLogin = z.union(
  [
    column,
    valueElsewhere,
    z.strictObject({ operatorPortal: value, ssp: value.optional() }),
    z.strictObject({ ssp: value }),
  ],
  either(
    'a column name, {column: …, table: …, on: {their column: our column}}, or {operatorPortal: …, ssp: …}',
  ),
);

const CONDITIONS =
  'a condition: {column: …, is: …}, or with isNot, in, isNull or matches instead of is; {row: …}, {all: […]}, {any: […]} or {not: …}';

const condition: z.ZodType<ConditionInput> = z.lazy(() =>
  z
    .union(
      [
        z.strictObject({ column, is: compared }),
        z.strictObject({ column, isNot: compared }),
        z.strictObject({ column, in: z.array(compared).min(1) }),
        z.strictObject({ column, isNull: z.boolean() }),
        z.strictObject({ column, matches: z.string().min(1).describe('* any characters, ? one character') }),
        z.strictObject({ row: otherRows }),
        z.strictObject({ all: z.array(condition).min(1) }),
        z.strictObject({ any: z.array(condition).min(1) }),
        z.strictObject({ not: condition }),
      ],
      either(CONDITIONS),
    )
    .meta({ id: 'condition', description: 'A condition on a row; a comparison with NULL does not hold.' }),
);

type ScalarInput = string | number | boolean;
type TableInput = string | { schema?: string | undefined; name: string };
export interface OtherRowsInput {
  table: TableInput;
  on: Record<string, string>;
  where?: ConditionInput | undefined;
}
export type ValueInput = string | ({ column: string } & OtherRowsInput);
export type LastLoginInput =
  | ValueInput
  | { operatorPortal?: ValueInput | undefined; ssp?: ValueInput | undefined };
export type ConditionInput =
  | { column: string; is: ScalarInput }
  | { column: string; isNot: ScalarInput }
  | { column: string; in: ScalarInput[] }
  | { column: string; isNull: boolean }
  | { column: string; matches: string }
  | { row: OtherRowsInput }
  | { all: ConditionInput[] }
  | { any: ConditionInput[] }
  | { not: ConditionInput };

const flag = z
  .union(
    [
      z
        .strictObject({ column, granted: scalar, denied: scalar })
        .refine(({ granted, denied }) => granted !== denied, {
          path: ['denied'],
          error: 'has to differ from what grants it',
        }),
      z.strictObject({ row: otherRows }),
    ],
    either('{column: …, granted: …, denied: …}, or {row: {table: …, on: …}} where a row elsewhere grants it'),
  )
  .describe('What grants it to a person: a value of a column, or a row elsewhere, which a new card has not.');

const onMisfit = z
  .union(
    [z.enum(['review', 'truncate', 'blank']), z.strictObject({ set: scalar })],
    either('review, truncate, blank or {set: a constant}'),
  )
  .describe('What becomes of a value that the column cannot hold; review leaves the operator to a human.');

const cardSource = z.union(
  [
    z.strictObject({ from: value, onMisfit: onMisfit.optional() }),
    z.strictObject({
      value: z.union([z.string(), number, z.boolean(), z.null()], {
        error: () => 'has to be a text, a number, true, false or null',
      }),
    }),
  ],
  either('{from: a value of the operator} or {value: a constant}'),
);

export const configurationSchema = z
  .strictObject({
    preset: z
      .enum(['sample', 'topdesk'])
      .optional()
      .describe('Options that this one fills in are taken from there.'),
    operators: z.strictObject({
      table,
      key: column,
      link: column.describe('Holds the key of the person; added by the run where it is missing.'),
      name: z.array(value).min(1).describe('Shown to people, never a key.'),
      rows: condition.optional().describe('Rows that are operators; the others are groups or templates.'),
      apiAccount: condition.optional(),
      excluded: condition.optional(),
      archived: condition.optional(),
      anonymized: condition.optional(),
      lastLogin: lastLogin
        .optional()
        .describe('When the operator was last seen: in the operator portal, where nothing else is said.'),
      licence: value.optional().describe('The kind of licence that it takes.'),
      branch: value.optional().describe('The branch that the operator belongs to, as people call it.'),
    }),
    persons: z.strictObject({
      table,
      key: column,
      name: z.array(value).min(1),
      ssp: flag,
      caller: flag,
      archived: condition.optional(),
      anonymized: condition.optional(),
      lastLogin: lastLogin
        .optional()
        .describe('When the person was last seen: in the SSP, where nothing else is said.'),
    }),
    card: z.record(column, cardSource).describe('Column of the person table: what fills it on a new card.'),
    unmapped: z
      .strictObject({
        sameName: z.enum(['leave', 'copy']),
        required: z.enum(['refuse', 'neutral']),
        except: z.array(column),
      })
      .describe('Columns of the person table that card does not name.'),
    volatileColumns: z
      .strictObject({ operators: z.array(column), persons: z.array(column) })
      .describe('Stamps that the application moves by itself: no sign of an edit.'),
    references: z
      .array(z.strictObject({ table, column, holds: column.optional() }))
      .describe('What refers to persons without a foreign key.'),
    match: z.strictObject({
      keys: z
        .record(z.string().min(1), z.strictObject({ operator: value, person: value }))
        .refine((keys) => Object.keys(keys).length > 0, 'needs at least one key')
        .describe('Pairs of values that identify the same human.'),
      ignoreValues: z.array(z.string()).describe('Values that are no keys.'),
    }),
    policies: z.strictObject({
      onMatch: z.enum(POLICIES.onMatch),
      archivedOperators: z.enum(POLICIES.archivedOperators),
      anonymizedOperators: z.enum(POLICIES.anonymizedOperators),
      archivedPersons: z.enum(POLICIES.archivedPersons),
      onContradiction: z.enum(POLICIES.onContradiction),
      onSharedKey: z.enum(POLICIES.onSharedKey),
    }),
  })
  .describe('The configuration of onecard.');

export type ConfigurationInput = z.infer<typeof configurationSchema>;
