import type { CardGuesses } from './card.js';
import type { Findings, Sides } from './findings.js';
import type { KeyGuesses } from './keys.js';
import type { Guess, Plain, ProposedOption } from './proposal.js';
import { volatileColumns } from './references.js';
import type { RoleGuess, Roles } from './roles.js';
import { type Side, strengthFor } from './side.js';
import { filledShare, percent } from './statistics.js';
import { labelOf, tablePlain } from './tables.js';
import type { Concept } from './words.js';

/** The options of a configuration, in the order in which people read them. */
export function optionsOf(sides: Sides, roles: Roles, findings: Findings): ProposedOption[] {
  return [
    ...operatorOptions(sides.operators, roles.operators, findings),
    ...personOptions(sides.persons, roles.persons, findings),
    ...cardOptions(findings.card, sides.persons),
    ...volatileOptions(sides),
    ...findings.references.map((guess) => ({ path: ['references', '[]'], ...guess })),
    ...keyOptions(findings.keys),
    ...policyOptions(findings),
  ];
}

function tableOption(side: 'operators' | 'persons', { table, because, others }: RoleGuess): ProposedOption {
  const names = others.map(labelOf).join(', ');
  return {
    path: [side, 'table'],
    value: tablePlain(table),
    because,
    question:
      others.length === 0
        ? undefined
        : `are these the ${side}? ${names} could be, too. If so, begin again with onecard init --${side} TABLE.`,
  };
}

function operatorOptions(
  side: Side,
  role: RoleGuess,
  { link, operators: found }: Findings,
): ProposedOption[] {
  return [
    tableOption('operators', role),
    keyOption(side),
    { path: ['operators', 'link'], ...link },
    nameOption(side),
    ...conditionOption(['operators', 'rows'], found.group),
    ...conditionOption(['operators', 'apiAccount'], found.apiAccount),
    ...conditionOption(['operators', 'excluded'], found.excluded),
    ...conditionOption(['operators', 'archived'], found.archived),
    ...conditionOption(['operators', 'anonymized'], found.anonymized),
    ...columnOption(side, 'lastLogin'),
    ...columnOption(side, 'licence'),
  ];
}

function personOptions(
  side: Side,
  role: RoleGuess,
  { ssp, caller, persons: found }: Findings,
): ProposedOption[] {
  const guessOf = ({ value, because, question, alternative }: Guess) => ({
    value,
    because,
    question,
    alternative,
  });
  return [
    tableOption('persons', role),
    keyOption(side),
    nameOption(side),
    { path: ['persons', 'ssp'], ...guessOf(ssp) },
    { path: ['persons', 'caller'], ...guessOf(caller) },
    ...conditionOption(['persons', 'archived'], found.archived),
    ...conditionOption(['persons', 'anonymized'], found.anonymized),
    ...columnOption(side, 'lastLogin'),
  ];
}

/** The column that is called after it, where there is one. */
function columnOption(side: Side, option: 'lastLogin' | 'licence'): ProposedOption[] {
  const found = best(side, option, 0.5);
  return found === undefined
    ? []
    : [
        {
          path: [side.role, option],
          value: found.plain,
          because: [`${percent(filledShare(found.statistics))} filled`],
        },
      ];
}

function keyOption({ role, key, table }: Side): ProposedOption {
  const how = table.primaryKey.includes(key.name) ? 'the primary key' : 'unique and required';
  return { path: [role, 'key'], value: key.name, because: [`${how}, ${key.type}`] };
}

/** A condition that nothing speaks for is left out; what is asked stays in view. */
function conditionOption(path: readonly string[], guess: Guess): ProposedOption[] {
  return guess.value === undefined && guess.question === undefined ? [] : [{ path, ...guess }];
}

const best = (side: Side, concept: Concept, strength: number) =>
  side.values
    .filter((candidate) => candidate.relation === undefined && candidate.meanings[0]?.concept === concept)
    .filter((candidate) => strengthFor(candidate, concept) >= strength)
    .toSorted(
      // The longer word says more: `realname` beside `name`.
      (a, b) => strengthFor(b, concept) - strengthFor(a, concept) || b.label.length - a.label.length,
    )[0];

function nameOption(side: Side): ProposedOption {
  const path = [side.role, 'name'];
  const [first, last] = [best(side, 'firstName', 0.5), best(side, 'lastName', 0.5)];
  const whole = best(side, 'fullName', 0.5);
  const parts = [first, last ?? whole].filter((part) => part !== undefined);
  if (last !== undefined || whole !== undefined)
    return { path, value: parts.map(({ column }) => column.name), because: [] };
  const text = side.values.find(
    ({ relation, column }) => relation === undefined && column.family === 'text' && column !== side.key,
  );
  return {
    path,
    value: [(text ?? { column: side.key }).column.name],
    because: [],
    question: 'which columns make up the name that people read?',
  };
}

function cardOptions({ fields, neutral, elsewhere }: CardGuesses, persons: Side): ProposedOption[] {
  const lacking = elsewhere.map(
    ({ noun, label }) =>
      `A new card has no ${noun} in ${label}: onecard writes one row of ${labelOf(persons.table)}, and none of another table.`,
  );
  const options = fieldOptions(fields, neutral);
  return lacking.length === 0
    ? options
    : [{ path: ['card'], value: undefined, because: lacking }, ...options];
}

function fieldOptions(fields: CardGuesses['fields'], neutral: CardGuesses['neutral']): ProposedOption[] {
  const named = fields.map(({ column, ...guess }) => ({ path: ['card', column], ...guess }));
  if (named.length === 0 && neutral.length === 0)
    return [{ path: ['card'], value: {}, because: ['nothing of the operator fills a column of the person'] }];
  if (neutral.length === 0) return named;
  return [
    ...named,
    {
      path: ['unmapped', 'required'],
      value: 'neutral',
      because: [`required, and nothing of the operator fills them: ${neutral.join(', ')}`],
      question:
        'is it all right that these get an empty value by their type: an empty text, 0, false, the earliest date? For another value, name the column under card: { value: … }.',
    },
  ];
}

function keyOptions({ keys }: KeyGuesses): ProposedOption[] {
  if (keys.length === 0)
    return [
      {
        path: ['match', 'keys', 'email'],
        value: undefined,
        because: [],
        question:
          'no values here identify the same human on both sides, by their names or by what they hold: which do? It takes one such key at least.',
        alternative: { operator: 'COLUMN', person: 'COLUMN' },
      },
    ];
  return keys.map(({ name, value, because, question, alternative }) => ({
    path: ['match', 'keys', name],
    value,
    because,
    question,
    alternative,
  }));
}

function volatileOptions(sides: Sides): ProposedOption[] {
  return (['operators', 'persons'] as const).flatMap((side): ProposedOption[] => {
    const { columns, because } = volatileColumns(sides[side]);
    return columns.length === 0 ? [] : [{ path: ['volatileColumns', side], value: columns, because }];
  });
}

function policyOptions({ operators, persons }: Findings): ProposedOption[] {
  const asked = (policy: string, value: Plain, question: string): ProposedOption => ({
    path: ['policies', policy],
    value,
    because: [],
    question,
  });
  return [
    {
      path: ['policies', 'onMatch'],
      value: 'review',
      because: [
        'an operator with exactly one matching person is left for a human to confirm; link links it at once',
      ],
    },
    ...(operators.archived.value === undefined
      ? []
      : [
          asked(
            'archivedOperators',
            'include',
            'do archived operators get a card, too (include), or none (skip)?',
          ),
        ]),
    ...(operators.anonymized.value === undefined
      ? []
      : [
          asked(
            'anonymizedOperators',
            'include',
            'do anonymized operators get a card, too (include), or none (skip)?',
          ),
        ]),
    ...(persons.archived.value === undefined
      ? []
      : [
          asked(
            'archivedPersons',
            'candidates',
            'can an operator be an archived person (candidates), or are those not looked at (ignore)?',
          ),
        ]),
  ];
}
