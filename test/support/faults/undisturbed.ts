import { beforeAll, expect } from 'vitest';
import { type Contents, contents, difference, rowsOf } from '../contents.js';
import type { DatabaseUnderTest, Template, TestDatabase } from '../databases.js';
import { onecardOn } from '../on-database.js';

export const IDENTICAL = { added: [], removed: [], changed: [] };

/** Says whether a database that was `before` ended as if nothing had happened; `where` is said when it did not. */
export type ExpectAsUndisturbed = (database: TestDatabase, before: Contents, where?: string) => Promise<void>;

/** Makes an undisturbed run before the tests of a suite, and holds theirs against it. */
export function holdAgainstUndisturbed(
  fresh: DatabaseUnderTest['fresh'],
  template: Template,
): ExpectAsUndisturbed {
  let undisturbed: Contents;
  beforeAll(async () => {
    const database = await fresh(template);
    const before = await contents(database);
    const { code, stderr } = await onecardOn(database, ['migrate', '--yes']);
    expect(code, stderr).toBe(0);
    undisturbed = apartFromCardKeys(before, await contents(database));
    await database.close();
  }, 120_000);
  return async (database, before, where) => {
    const after = apartFromCardKeys(before, await contents(database));
    expect(difference(undisturbed, after), where).toEqual(IDENTICAL);
    const { code, stdout } = await onecardOn(database, ['verify']);
    expect(code, stdout).toBe(0);
  };
}

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
