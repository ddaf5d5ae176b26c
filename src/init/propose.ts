import type { Catalog, CatalogTable } from '../database/catalog.js';
import type { Database } from '../database/database.js';
import { OnecardError } from '../errors.js';
import { type Findings, findEverything, type Sides } from './findings.js';
import { optionsOf } from './options.js';
import type { Proposal } from './proposal.js';
import { type RecognizedPreset, recognizePreset } from './recognize.js';
import type { Owner } from './relations.js';
import { findRoles, humanTables } from './roles.js';
import { Sampler } from './sample.js';
import { readSide, type Side } from './side.js';
import { keyOf, labelOf } from './tables.js';

/** Tables that the user has named, as `table` or `schema.table`. */
export interface GivenTables {
  readonly operators?: string | undefined;
  readonly persons?: string | undefined;
}

/**
 * Proposes a configuration for a database, in a session that only reads: a preset where the database is one, or
 * everything from the catalogs and from samples of the data.
 * @param report what is being looked at, as a person reads it.
 * @throws OnecardError where no two tables look like operators and persons, or a given one is not there.
 */
export async function propose(
  database: Database,
  given: GivenTables,
  report: (activity: string) => void,
): Promise<Proposal> {
  report('reading the catalogs');
  const catalog = await database.catalog();
  const isGiven = given.operators !== undefined || given.persons !== undefined;
  const preset = isGiven ? undefined : recognizePreset(catalog);
  if (preset !== undefined) return presetProposal(preset, catalog);
  const tables = {
    operators: findTable(catalog, given.operators, '--operators'),
    persons: findTable(catalog, given.persons, '--persons'),
  };
  const roles = findRoles(catalog, tables);
  if (roles === undefined) throw noRoles(catalog, tables.operators ?? tables.persons);
  const operators = ownerOf('operators', roles.operators.table);
  const persons = ownerOf('persons', roles.persons.table);
  report(`reading samples of ${labelOf(operators.table)} and ${labelOf(persons.table)}`);
  const sampler = new Sampler(database);
  const sides = {
    operators: await readSide(catalog, sampler, operators, persons),
    persons: await readSide(catalog, sampler, persons, operators),
  };
  report('comparing what they hold');
  const findings = await findEverything(catalog, sampler, sides, report);
  return {
    preset: undefined,
    operators: labelOf(operators.table),
    persons: labelOf(persons.table),
    notes: notesOn(catalog, sides, findings),
    elsewhere: findings.card.elsewhere.map(({ label }) => label),
    options: optionsOf(sides, roles, findings),
  };
}

function presetProposal(preset: RecognizedPreset, { tables }: Catalog): Proposal {
  return {
    preset: preset.name,
    operators: preset.operators,
    persons: preset.persons,
    notes: [`Looked at ${tables.length} tables.`],
    elsewhere: [],
    options: [
      {
        path: ['preset'],
        value: preset.name,
        because: [
          `all ${preset.columns} columns of ${preset.tables.join(', ')} that this preset names are there`,
          'it is the whole configuration; an option that is given below changes it',
        ],
      },
    ],
  };
}

function findTable({ tables }: Catalog, name: string | undefined, flag: string): CatalogTable | undefined {
  if (name === undefined) return undefined;
  const found =
    tables.find((table) => labelOf(table) === name) ??
    tables.find(({ name: own }) => `${own.schema}.${own.name}` === name) ??
    tables.find(({ name: own }) => own.name === name);
  if (found === undefined)
    throw new OnecardError(`${flag} names ${name}: there is no such table, or this user may not see it.`, {
      remedy: 'Give the name as the database knows it: table, or schema.table.',
    });
  return found;
}

function noRoles(catalog: Catalog, given: CatalogTable | undefined): OnecardError {
  const { tables } = catalog;
  if (tables.length === 0)
    return new OnecardError('There are no tables here, or this user may see none of them.', {
      remedy: 'Check the database and what its user may see.',
    });
  const humans = humanTables(catalog).map(labelOf);
  const what =
    given === undefined
      ? `None of the ${tables.length} tables here look like operators on the one hand and persons on the other.`
      : `Beside ${labelOf(given)}, no table looks like the other side.`;
  return new OnecardError(
    humans.length === 0 ? what : `${what} Humans are in ${humans.slice(0, 5).join(', ')}.`,
    {
      remedy:
        'Name them: onecard init --operators TABLE --persons TABLE. They have to be two tables, each with a key of one column.',
    },
  );
}

function ownerOf(role: Owner['role'], table: CatalogTable): Owner {
  const key = keyOf(table);
  if (key === undefined)
    throw new OnecardError(`The table ${labelOf(table)} has no key of one column.`, {
      remedy: 'onecard tells rows apart by a primary key, or a unique index, of one required column.',
    });
  return { role, table, key };
}

function notesOn({ tables }: Catalog, { operators, persons }: Sides, { card, keys }: Findings): string[] {
  const onNewRows = persons.table.triggers.filter(({ when }) => /\bINSERT\b/i.test(when));
  const triggers = onNewRows.map(({ name, when }) => `${name} (${when})`);
  const unread = [operators, persons].filter(({ sample }) => sample.failure !== undefined);
  return [
    `Looked at ${tables.length} tables, and read at most 10,000 rows of each that matters: ${[operators, persons].map(rowsOf).join(', ')}.`,
    ...unread.map(
      ({ table, sample }) =>
        `${labelOf(table)} could not be read (${sample.failure?.replace(/\.$/, '')}): whatever is said about its data, such as that there is none, is not known.`,
    ),
    ...[operators, persons]
      .filter(({ table }) => !table.isTransactional)
      .map(
        ({ table }) => `${labelOf(table)} has a storage engine without transactions: a run will refuse it.`,
      ),
    ...(triggers.length > 0
      ? [`${labelOf(persons.table)} has triggers that each new card sets off: ${triggers.join(', ')}.`]
      : []),
    ...(card.left.length > 0
      ? [
          `Columns of ${labelOf(persons.table)} that a new card leaves to the server, or empty: ${card.left.join(', ')}.`,
        ]
      : []),
    ...keys.rejected.map((text) => `No key: ${text}.`),
  ];
}

const rowsOf = ({ table, sample }: Side) =>
  `${labelOf(table)} has ${sample.isWhole ? '' : 'about '}${(sample.isWhole ? sample.rows.length : table.estimatedRows).toLocaleString('en-US')}`;
