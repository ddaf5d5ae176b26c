import {
  type SampleKind,
  type SampleSize,
  STANDARD_SIZE,
  sampleRows,
  sampleSchema,
} from '../../fixtures/sample/index.js';
import { keyPrefix, sampleKey } from '../../fixtures/sample/sql.js';
import type { Template } from './databases.js';
import { type Expectation, readExpectations } from './expectations.js';

type Run = (sql: string) => Promise<unknown>;

/** The sample that the expectations are about. */
export const sample: Template = { name: 'sample', fill: (run, kind) => fillSample(run, kind, STANDARD_SIZE) };

/** As in an application that knows neither links nor these flags. */
export const sampleWithoutCardColumns: Template = {
  name: 'sample-without-card-columns',
  async fill(run, kind) {
    await fillSample(run, kind, STANDARD_SIZE);
    await run('ALTER TABLE operator DROP COLUMN person_id');
    await run('ALTER TABLE person DROP COLUMN ssp_access, DROP COLUMN selectable_as_caller');
  },
};

/** The cast, and so many regular operators that a run takes long enough to be disturbed. */
export const largeSample: Template = {
  name: 'sample-large',
  fill: (run, kind) => fillSample(run, kind, { operators: 2_000, persons: 300, junk: 0 }),
};

async function fillSample(run: Run, kind: SampleKind, size: SampleSize): Promise<void> {
  for (const statement of sampleSchema(kind)) await run(statement);
  for (const statement of sampleRows(kind, size)) await run(statement);
}

export const operatorKey = (n: number) => sampleKey(keyPrefix.castOperator, n);
export const personKey = (n: number) => sampleKey(keyPrefix.castPerson, n);
export const regularOperatorKey = (n: number) => sampleKey(keyPrefix.regularOperator, n);
export const regularPersonKey = (n: number) => sampleKey(keyPrefix.regularPerson, n);

/** Written by hand, in the order of the operators' keys. */
export const expectations: readonly Expectation[] = readExpectations('sample').map(
  ({ why, ...expectation }) => expectation,
);

/** The operators that the expectations decide so about. */
export function expectedOperators(decision: string): string[] {
  return expectations.filter((each) => each.decision === decision).map(({ operator }) => operator);
}
