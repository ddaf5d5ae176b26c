import type { Legend } from '../plan/legend.js';

/** A field that a decision rested on, and what it held when the decision was to be carried out. */
export interface Difference {
  readonly table: 'operator' | 'person';
  readonly column: string;
  readonly planned: string | null;
  readonly found: string | null;
}

/** The reasons of stale changes whose fields are kept as they were found. */
export const OPERATOR_CHANGED = 'the operator was changed in the meantime';
export const PERSON_CHANGED = 'the person was changed in the meantime';

/** What the journal holds of a change that was not written, as JSON arrays. */
export interface StaleFields {
  readonly why: string | null;
  readonly operator_fields: string | null;
  readonly person_fields: string | null;
  readonly found: string | null;
}

/** The columns of `StaleFields` but for `why`, from `decision AS d` and `change AS c`. */
export const STALE_FIELDS = `c.found,
       CASE WHEN c.found IS NOT NULL THEN d.operator_fields END AS operator_fields,
       CASE WHEN c.found IS NOT NULL THEN d.person_fields END AS person_fields`;

/** Why a change is stale, field by field; nothing where it is stale for another reason than its fields. */
export function differencesOf(fields: StaleFields, legend: Legend): Difference[] {
  const { found, why } = fields;
  const table = why === PERSON_CHANGED ? 'person' : 'operator';
  const planned = table === 'person' ? fields.person_fields : fields.operator_fields;
  if (found === null || planned === null) return [];
  const columns = table === 'person' ? legend.personFields : legend.operatorFields;
  const before = JSON.parse(planned) as (string | null)[];
  const after = JSON.parse(found) as (string | null)[];
  return columns.flatMap((column, index) => {
    const [was = null, is = null] = [before[index], after[index]];
    return was === is ? [] : [{ table, column, planned: was, found: is }];
  });
}
