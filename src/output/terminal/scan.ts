import type { DatabaseIdentity } from '../../database/database.js';
import type { Configuration } from '../../model/configuration.js';
import type { Differing } from '../../scan/key-equality.js';
import type { Verdict } from '../../scan/key-judgement.js';
import type { KeyQuality, SideQuality } from '../../scan/key-quality.js';
import type { Listed } from '../../scan/listed.js';
import type { Readiness } from '../../scan/readiness.js';
import type { Scan } from '../../scan/scan.js';
import type { SchemaFinding } from '../../scan/schema-findings.js';
import { countOf, formatCount } from './amounts.js';
import { tableName } from './diff/context.js';
import { wrap } from './layout.js';
import { brushFor, type Look, type Tone } from './look.js';
import { printable, quotedWithin } from './printable.js';
import { type Cell, renderFacts, renderHeadline, renderTable, renderTally } from './tables.js';
import { hiddenText, keepingText, triggerText } from './triggers.js';

export interface ScanContext {
  readonly look: Look;
  readonly configuration: Configuration;
  readonly identity: DatabaseIdentity;
  readonly readiness: Readiness;
}

/** An inventory for people to read, without a final line break. */
export function renderScan(scan: Scan, context: ScanContext): string {
  const { look } = context;
  const sections: [heading: string, lines: readonly string[]][] = [
    ['Database', [renderFacts(databaseFacts(scan, context), look)]],
    ['Decisions', [renderTally(scan.tallies, look), '', renderHeadline(scan.tallies, look)]],
    ['Keys', keyLines(scan.keys, look)],
    ['Possible duplicates', duplicateLines(scan, look)],
    ['Likely API accounts', accountLines(scan, context.configuration, look)],
    [
      'Schema',
      scan.schemaGaps.length === 0
        ? prose(NO_GAPS, look)
        : scan.schemaGaps.flatMap((gap) => gapLines(gap, look)),
    ],
    ['Before a run', readinessLines(context.readiness, look)],
    ['Not looked at', prose(NOT_LOOKED_AT, look)],
  ];
  return sections
    .map(([heading, lines]) => [brushFor(look).strong(heading), ...lines].join('\n'))
    .join('\n\n');
}

const NO_GAPS = 'Every column is there, and the database itself keeps two operators from sharing a person.';
const NOT_LOOKED_AT =
  'This version does not check the index and the foreign key of the link column, nor ' +
  'references to persons and operators that no foreign key declares.';

function databaseFacts({ operators, persons, unlinked }: Scan, { configuration, identity }: ScanContext) {
  const rows = (count: number) => countOf(count, 'row');
  return [
    ['database', `${identity.database} on ${identity.kind} ${identity.version}`],
    [
      'operators',
      `${rows(operators)} in ${tableName(configuration.operators.table)}, groups and templates included`,
    ],
    ['persons', `${rows(persons)} in ${tableName(configuration.persons.table)}`],
    ['unlinked', `${countOf(unlinked, 'human operator')} without a link to a person that exists`],
  ] as const;
}

const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  good: 'good',
  fair: 'plain',
  weak: 'warning',
  useless: 'bad',
};

function keyLines(keys: readonly KeyQuality[], look: Look): string[] {
  const table = renderTable({
    head: ['key', 'of', 'cards', 'filled', 'ignored', 'distinct', 'shared'],
    rows: keys.flatMap(({ key, operators, persons }) => [
      [key, 'operators', ...numbersOf(operators)],
      ['', 'persons', ...numbersOf(persons)],
    ]),
    align: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    look,
  });
  return [
    table,
    '',
    ...keys.flatMap((quality) => judgementLines(quality, look)),
    '',
    ...prose(KEYS_EXPLAINED, look, 'quiet'),
  ];
}

const KEYS_EXPLAINED =
  'Cards: human operators, and persons, without anonymized ones. Ignored: values such as "-" that ' +
  'match.ignoreValues lists. Shared: cards whose value another card of the same side has, too.';

function numbersOf({ rows, filled, ignored, distinct, sharing }: SideQuality): Cell[] {
  return [rows, filled, ignored, distinct, { text: sharing, tone: sharing > 0 ? 'warning' : 'plain' }];
}

function judgementLines({ key, verdict, judgement, operators, persons }: KeyQuality, look: Look): string[] {
  return [
    ...item(VERDICT_TONES[verdict], `${printable(key)}: ${judgement}`.split(' '), look),
    ...mostShared(operators, 'operator', look),
    ...mostShared(persons, 'person', look),
    ...differingEquality(operators, 'operators', look),
    ...differingEquality(persons, 'persons', look),
  ];
}

/** Enough to recognise a value in a sentence. */
const VALUE_IN_PROSE = 40;

function mostShared({ mostShared: values, shared }: SideQuality, card: string, look: Look): string[] {
  if (values.length === 0) return [];
  const shown = values.map(
    ({ value, cards }, index) =>
      `${quotedWithin(value, VALUE_IN_PROSE)} on ${countOf(cards, card)}${index < values.length - 1 || shared > values.length ? ',' : ''}`,
  );
  const more = shared > values.length ? [`and ${formatCount(shared - values.length)} more`] : [];
  return detail('quiet', [...shown, ...more], look);
}

/** What a login, a join or a unique index of the application would make of the same values. */
function differingEquality({ equality }: SideQuality, cards: string, look: Look): string[] {
  const { takenAsOne, toldApart } = equality;
  const sentence = (differing: Differing | null, difference: string) => {
    if (differing === null) return [];
    const [first, last] = differing.example.map((value) => quotedWithin(value, VALUE_IN_PROSE));
    const words = `on ${cards}, the database ${difference} here, in ${countOf(differing.values, 'case')}:`;
    return detail('quiet', [...words.split(' '), `${first} and ${last}`], look);
  };
  return [
    ...sentence(takenAsOne, 'takes for equal what is compared as different'),
    ...sentence(toldApart, 'tells apart what is compared as equal'),
  ];
}

/** So many of a list are shown to people; `--json` has more. */
const SHOWN = 20;

function duplicateLines({ possibleDuplicates }: Scan, look: Look): string[] {
  if (possibleDuplicates.count === 0) return prose('None.', look);
  return [
    ...prose(
      `${countOf(possibleDuplicates.count, 'operator is', 'operators are')} linked to a card that looks generated, while another, unlinked person has the same keys. A run leaves them alone: a human decides which card stays.`,
      look,
    ),
    ...possibleDuplicates.first
      .slice(0, SHOWN)
      .flatMap(({ operator, name, person, candidates }) => [
        ...item('warning', titleOf(name, operator), look),
        ...detail('plain', ['linked', 'to', printable(person)], look),
        ...detail(
          'plain',
          candidates.length === 0
            ? MANY_CANDIDATES.split(' ')
            : `but see ${candidates.map(printable).join(', ')}`.split(' '),
          look,
        ),
      ]),
    ...howManyMore(possibleDuplicates, look),
  ];
}

const MANY_CANDIDATES = 'but see the persons with the same keys: too many to list here';

const API_ADVICE =
  'Flag those that are no humans before the run: otherwise each gets a person card, or is left for review.';
const TOPDESK_ADVICE =
  'In TOPdesk, since August 2026 an operator cannot be turned into an API account any more: make a new one.';

function accountLines({ likelyApiAccounts }: Scan, { preset }: Configuration, look: Look): string[] {
  if (likelyApiAccounts.count === 0) return prose('None that is not flagged as one.', look);
  return [
    ...prose(
      `${countOf(likelyApiAccounts.count, 'operator looks', 'operators look')} like an integration, but ${likelyApiAccounts.count === 1 ? 'is' : 'are'} not flagged as API account. ${[API_ADVICE, ...(preset === 'topdesk' ? [TOPDESK_ADVICE] : [])].join(' ')}`,
      look,
    ),
    ...likelyApiAccounts.first
      .slice(0, SHOWN)
      .flatMap(({ operator, name, reasons }) => [
        ...item('warning', titleOf(name, operator), look),
        ...detail('plain', reasons.map(printable).join('; ').split(' '), look),
      ]),
    ...howManyMore(likelyApiAccounts, look),
  ];
}

function titleOf(name: string, operator: string): string[] {
  const shown = name.trim() === '' ? '(no name)' : printable(name.trim());
  return [...`${shown}, operator`.split(' '), printable(operator)];
}

function howManyMore({ count, first }: Listed<unknown>, look: Look): string[] {
  const hidden = count - Math.min(first.length, SHOWN);
  if (hidden <= 0) return [];
  const listed =
    first.length > SHOWN
      ? `; --json lists ${first.length < count ? `the first ${formatCount(first.length)}` : 'them all'}`
      : '';
  return item('plain', `and ${formatCount(hidden)} more${listed}`.split(' '), look);
}

const HOLDS: Readonly<Record<SchemaFinding['holds'], string>> = {
  link: 'the link to the person',
  ssp: 'the access to the SSP',
  caller: 'whether a person can be selected as caller',
};
const PROBLEMS: Readonly<Record<SchemaFinding['problem'], string>> = {
  missing: 'does not exist',
  'not-unique': 'is not unique',
};

function gapLines({ table, column, holds, problem, consequence, sql }: SchemaFinding, look: Look): string[] {
  const what = `${printable(table)}.${printable(column)} (${HOLDS[holds]}) ${PROBLEMS[problem]}`;
  return [
    ...item('warning', what.split(' '), look),
    ...detail('plain', consequence.split(' '), look),
    ...(sql === undefined ? [] : detail('plain', printable(sql).split(' '), look)),
  ];
}

const READY =
  'Nothing stands in the way, and this user has every privilege that a run needs as far as can be tried here.';

function readinessLines(
  { obstacles, missing, grants, excessive, triggers, cardTriggers, hiddenTriggers }: Readiness,
  look: Look,
): string[] {
  const isReady = obstacles.length + missing.length === 0;
  return [
    ...(isReady ? prose(READY, look) : []),
    ...obstacles.flatMap(({ message, remedy }) => [
      ...item('bad', printable(message).split(' '), look),
      ...detail('plain', remedy.split(' '), look),
    ]),
    ...missing.flatMap((privilege) =>
      item('warning', `This user lacks ${printable(privilege)}.`.split(' '), look),
    ),
    ...grants.flatMap((grant) => detail('plain', printable(grant).split(' '), look)),
    ...excessive.flatMap((sentence) => item('warning', printable(sentence).split(' '), look)),
    ...triggers.flatMap((trigger) =>
      item('plain', `trigger on ${printable(triggerText(trigger))}`.split(' '), look),
    ),
    ...(cardTriggers.length === 0 ? [] : detail('warning', keepingText(cardTriggers).split(' '), look)),
    ...hiddenTriggers.flatMap((table) => item('warning', hiddenText(table).split(' '), look)),
  ];
}

const prose = (text: string, { width, color }: Look, tone: Tone = 'plain') =>
  indented(0, 0, tone, text.split(' '), { width, color });
const item = (tone: Tone, words: readonly string[], look: Look) => indented(2, 4, tone, words, look);
const detail = (tone: Tone, words: readonly string[], look: Look) => indented(4, 6, tone, words, look);

/** The first line stands at `first`, those that follow at `next`. */
function indented(first: number, next: number, tone: Tone, words: readonly string[], look: Look): string[] {
  return wrap(words, look.width - next).map(
    (line, index) => ' '.repeat(index === 0 ? first : next) + brushFor(look)[tone](line),
  );
}
