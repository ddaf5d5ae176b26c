import { beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../support/databases.js';
import { journalTable, onecardOn, together } from '../support/on-database.js';
import { operatorKey, regularPersonKey, sample } from '../support/sample.js';
import type { Kind } from '../support/servers/server.js';

/** Its own operator for each, so that all can be broken at once. */
interface Break {
  readonly what: string;
  /** An operator that the run made a card for. */
  readonly operator: string;
  breaks(card: string, kind: Kind): string;
  mends(card: string, kind: Kind): string;
  /** What the words of `verify` have to hold, beside the operator or its card. */
  readonly says: string | RegExp;
}

/** Left for review by the run, so that it has no link. */
const UNLINKED = operatorKey(90);
/** Nobody is linked to it. */
const STRANGER = regularPersonKey(200);

const link = (operator: string, person: string) =>
  `UPDATE operator SET person_id = ${person === 'NULL' ? person : `'${person}'`} WHERE id = '${operator}'`;

/** Each sets one column of the card; `broken` and `right` are SQL. */
const field = (column: string, broken: string, right: string) => ({
  breaks: (card: string) => `UPDATE person SET ${column} = ${broken} WHERE id = '${card}'`,
  mends: (card: string) => `UPDATE person SET ${column} = ${right} WHERE id = '${card}'`,
  says: column,
});

/** The same in a row of the journal. */
const journal = (
  table: 'decision' | 'change',
  operator: string,
  column: string,
  broken: string,
  right: string,
) => {
  const set = (kind: Kind, value: string) =>
    `UPDATE ${journalTable(kind, table)} SET ${column} = '${value}' WHERE operator = '${operator}'`;
  return {
    operator,
    breaks: (_: string, kind: Kind) => set(kind, broken),
    mends: (_: string, kind: Kind) => set(kind, right),
    says: new RegExp(`${table} .*${operator}.* was altered`),
  };
};

const breaks: readonly Break[] = [
  {
    what: 'a second link to a person',
    operator: operatorKey(170),
    breaks: (card) => link(UNLINKED, card),
    mends: () => link(UNLINKED, 'NULL'),
    says: UNLINKED,
  },
  {
    what: 'access to the Self-Service Portal',
    operator: operatorKey(171),
    ...field('ssp_access', 'TRUE', 'FALSE'),
  },
  {
    what: 'a card that can be selected as caller',
    operator: operatorKey(172),
    ...field('selectable_as_caller', 'TRUE', 'FALSE'),
  },
  {
    what: 'a card that is gone',
    operator: operatorKey(173),
    breaks: (card) =>
      `CREATE TABLE kept AS SELECT * FROM person WHERE id = '${card}'; DELETE FROM person WHERE id = '${card}'`,
    mends: () => 'INSERT INTO person SELECT * FROM kept; DROP TABLE kept',
    says: /Card \S+, created by run \S+ for operator \S+, does not exist/,
  },
  {
    what: 'another value in a field',
    operator: operatorKey(179),
    ...field('employee_number', "'43'", "'42'"),
  },
  {
    what: 'other capitals in a field',
    operator: operatorKey(175),
    ...field('last_name', "'FAURE'", "'Faure'"),
  },
  {
    what: 'a blank more at the end of a field',
    operator: operatorKey(215),
    ...field('job_title', "'サービスデスク '", "'サービスデスク'"),
  },
  {
    what: 'something in a field that is empty',
    operator: operatorKey(176),
    ...field('mobile', "''", 'NULL'),
  },
  {
    what: 'a card of an archived operator that is no longer archived',
    operator: operatorKey(196),
    ...field('archived', 'FALSE', 'TRUE'),
  },
  {
    what: 'a link to a wrong person',
    operator: operatorKey(180),
    breaks: () => link(operatorKey(180), STRANGER),
    mends: (card) => link(operatorKey(180), card),
    says: STRANGER,
  },
  {
    what: 'a link that was taken away',
    operator: operatorKey(181),
    breaks: () => link(operatorKey(181), 'NULL'),
    mends: (card) => link(operatorKey(181), card),
    says: 'no longer linked',
  },
  {
    what: 'an operator that is changed after its card was made',
    operator: operatorKey(182),
    breaks: () => `UPDATE operator SET first_name = 'Oma' WHERE id = '${operatorKey(182)}'`,
    mends: () => `UPDATE operator SET first_name = 'Uma' WHERE id = '${operatorKey(182)}'`,
    says: 'first_name',
  },
  {
    what: 'an altered reason of a decision',
    ...journal('decision', operatorKey(183), 'reason', 'match', 'no-candidate'),
  },
  {
    what: 'an altered state of a change',
    ...journal('change', operatorKey(184), 'state', 'stale', 'applied'),
  },
];

describe.each(databases)('verify on $name', ({ name, fresh, kind }) => {
  let database: TestDatabase;
  let cards: Map<string, string>;

  beforeAll(async () => {
    database = await fresh(sample);
    const { code, stderr } = await onecardOn(database, ['migrate', '--yes', '--quiet']);
    expect(code, stderr).toBe(0);
    const rows = await database.query('SELECT id, person_id FROM operator WHERE person_id IS NOT NULL');
    cards = new Map(rows.map(({ id, person_id }) => [String(id), String(person_id)]));
  }, 120_000);

  const cardOf = (operator: string) => {
    const card = cards.get(operator);
    if (card === undefined) throw new Error(`The run has made no card for ${operator}.`);
    return card;
  };
  const verify = () => onecardOn(database, ['verify']);

  // The embedded database takes seconds to open.
  it.runIf(name === 'embedded')(
    'finds everything that is broken at once, and nothing once it is mended',
    async () => {
      await together(database, async ({ query }) => {
        for (const each of breaks) await query(each.breaks(cardOf(each.operator), kind));
      });
      const broken = await verify();
      expect(broken.code).toBe(3);
      for (const { what, operator, says } of breaks) {
        expect(namesRow(broken.stdout, operator), what).toBe(true);
        expect(joined(broken.stdout), what).toMatch(says);
      }
      await together(database, async ({ query }) => {
        for (const each of breaks) await query(each.mends(cardOf(each.operator), kind));
      });
      const mended = await verify();
      expect(mended.stdout).toMatch(/Verified\.\n$/);
      expect(mended.code).toBe(0);
    },
  );

  it.runIf(name !== 'embedded').each(breaks)('finds $what, and names the row', async (each) => {
    const { operator, says } = each;
    const card = cardOf(operator);
    await database.query(each.breaks(card, kind));
    const { code, stdout } = await verify().finally(() => database.query(each.mends(card, kind)));
    expect(code, stdout).toBe(3);
    expect(namesRow(stdout, operator), stdout).toBe(true);
    expect(joined(stdout)).toMatch(says);
    const others = breaks.filter((other) => other !== each && namesRow(stdout, other.operator));
    expect(others).toEqual([]);
  });

  it.runIf(name !== 'embedded')('finds nothing once all is mended', async () => {
    const { code, stdout } = await verify();
    expect(stdout).toMatch(/Verified\.\n$/);
    expect(code).toBe(0);
  });

  it.runIf(name !== 'embedded')('with --complete, finds operators that are left for review', async () => {
    const { code, stdout } = await onecardOn(database, ['verify', '--complete']);
    expect(code).toBe(3);
    expect(stdout).toContain(UNLINKED);
  });

  const namesRow = (stdout: string, operator: string) =>
    stdout.includes(operator) || stdout.includes(cardOf(operator));
});

/** Without the line breaks that fit it to a width. */
function joined(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
