import { type Contents, rowsOf } from '../contents.js';

/**
 * What two runs over the same data have in common: new cards under the key of their operator, and without the
 * stamps that the database gives them.
 */
export function apartFromCardKeys(before: Contents, after: Contents): Contents {
  const persons = before.get('person') ?? new Map<string, string>();
  const cardOf = new Map<string, string>();
  const operators = new Map<string, string>();
  for (const [key, { person_id = null, updated_at = null, ...operator }] of rowsOf(after, 'operator')) {
    const isNew = person_id !== null && !persons.has(person_id) && after.get('person')?.has(person_id);
    if (isNew) cardOf.set(person_id, `card of ${key}`);
    operators.set(
      key,
      JSON.stringify(
        isNew ? { ...operator, person_id: cardOf.get(person_id) } : { ...operator, person_id, updated_at },
      ),
    );
  }
  const cards = [...rowsOf(after, 'person')].map(([key, person]): [string, string] => {
    if (persons.has(key)) return [key, JSON.stringify(person)];
    const { id: _, created_at: __, updated_at: ___, ...fields } = person;
    return [cardOf.get(key) ?? key, JSON.stringify(fields)];
  });
  return new Map([...after, ['operator', operators], ['person', new Map(cards)]]);
}
