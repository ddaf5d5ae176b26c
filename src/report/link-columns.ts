import type { Layout } from '../config/layout.js';
import { nearest } from '../config/nearest.js';
import { OnecardError } from '../errors.js';
import type { LinkDetails, ReportColumn } from '../model/report.js';
import { candidatesText, cardText, evidenceText, historyText } from './details.js';
import type { LinkRow } from './links.js';
import { type DetailPart, SORTABLE, type Sort } from './links-sql.js';

export interface LinkColumn extends ReportColumn<LinkRow> {
  /** What has to be read for it, beyond what every row has. */
  readonly needs?: DetailPart | 'keys';
}

/** In every report for programs and spreadsheets. */
const COLUMNS: readonly LinkColumn[] = [
  { name: 'operator', title: 'operator key', holds: 'key', valueOf: ({ operator }) => operator },
  { name: 'operatorName', title: 'operator', holds: 'text', valueOf: ({ operatorName }) => operatorName },
  { name: 'branch', title: 'branch', holds: 'text', valueOf: ({ branch }) => branch },
  { name: 'decision', title: 'decision', holds: 'text', valueOf: ({ decision }) => decision },
  { name: 'reason', title: 'reason', holds: 'text', valueOf: ({ reason }) => reason },
  { name: 'reasonText', title: 'why', holds: 'text', valueOf: ({ reasonText }) => reasonText },
  { name: 'decidedBy', title: 'decided by', holds: 'text', valueOf: ({ decidedBy }) => decidedBy },
  { name: 'person', title: 'person key', holds: 'key', valueOf: ({ person }) => person },
  { name: 'personName', title: 'person card', holds: 'text', valueOf: ({ personName }) => personName },
  { name: 'linkedBy', title: 'linked by', holds: 'text', valueOf: ({ linkedBy }) => linkedBy },
  { name: 'run', title: 'run', holds: 'text', valueOf: ({ run }) => run },
  { name: 'changedAt', title: 'written at', holds: 'time', valueOf: ({ changedAt }) => changedAt },
  { name: 'action', title: 'action', holds: 'text', valueOf: ({ action }) => action },
  { name: 'state', title: 'state', holds: 'text', valueOf: ({ state }) => state },
  { name: 'why', title: 'why not written, or kept', holds: 'text', valueOf: ({ why }) => why },
];

const detail = (
  name: string,
  needs: DetailPart,
  text: (details: LinkDetails) => string | null,
): LinkColumn => ({ name, title: name, holds: 'text', needs, valueOf: ({ details }) => text(details) });

/** On request. */
const DETAILS: readonly LinkColumn[] = [
  detail('card', 'card', cardText),
  detail('evidence', 'evidence', evidenceText),
  detail('candidates', 'evidence', candidatesText),
  detail('history', 'history', historyText),
];

const keyColumns = ({ keys }: Layout): LinkColumn[] =>
  keys.map(({ name }, index) => ({
    name: `key.${name}`,
    title: name,
    holds: 'key',
    needs: 'keys',
    valueOf: (row) => row.keys[index] ?? null,
  }));

/** All that a report can show. */
export const linkColumns = (layout: Layout): readonly LinkColumn[] => [
  ...COLUMNS,
  ...DETAILS,
  ...keyColumns(layout),
];

/** What a report shows where nobody has asked for columns; with `withDetails`, those of a closer look as texts. */
export const usualColumns = (withDetails: boolean): readonly LinkColumn[] =>
  withDetails ? [...COLUMNS, ...DETAILS] : COLUMNS;

/** The same, told shorter: for people, who read a page or a terminal. */
export function readableColumns(layout: Layout, withDetails: boolean): readonly LinkColumn[] {
  const text = (title: string, read: (row: LinkRow) => string): LinkColumn => ({
    name: title,
    title,
    holds: 'text',
    valueOf: read,
  });
  return [
    text('operator', ({ operator, operatorName }) => operatorName || operator),
    ...(layout.operator.branch === undefined ? [] : COLUMNS.filter(({ name }) => name === 'branch')),
    text('person card', ({ person, personName }) => (person === null ? '–' : personName || person)),
    text('why', whyOf),
    text('linked by', linkedByOf),
    ...(withDetails ? DETAILS : []),
  ];
}

function whyOf({ reasonText, decidedBy, state, why }: LinkRow): string {
  const reason = decidedBy === null ? (reasonText ?? '') : `${reasonText} (${decidedBy})`;
  return why === null ? reason : `${reason}; ${state}: ${why}`;
}

function linkedByOf({ linkedBy, run, person, state }: LinkRow): string {
  if (person === null) return state === 'rolled-back' ? `run ${run}, rolled back` : '';
  return linkedBy === 'onecard' && run !== null ? `run ${run}` : 'before onecard';
}

/** Of a page: what a reader looks for first comes first. */
export function pageColumns(layout: Layout): readonly LinkColumn[] {
  const read = ['operatorName', 'branch', 'personName', 'decision', 'reasonText', 'linkedBy', 'changedAt'];
  const lookedUp = ['operator', 'person', 'run', 'state', 'why', 'decidedBy'];
  const shown = [...read, ...lookedUp].flatMap((name) =>
    name === 'branch' && layout.operator.branch === undefined
      ? []
      : COLUMNS.filter((column) => column.name === name),
  );
  // Somebody who asks gives an e-mail address rather than a key.
  return [...shown, ...keyColumns(layout)];
}

/** Those with few different values. */
export const FILTER_COLUMNS = ['branch', 'decision', 'reasonText', 'linkedBy', 'run', 'state'] as const;

/**
 * The columns that somebody has asked for: `operator,operatorName,key.email`.
 * @throws OnecardError for the first name that is none, or that stands there twice.
 */
export function chosenColumns(list: string, layout: Layout): readonly LinkColumn[] {
  const all = linkColumns(layout);
  const names = namesIn(list, '--columns');
  return names.map((name, index) => {
    if (names.indexOf(name) < index)
      throw new OnecardError(`--columns names ${name} twice.`, { remedy: 'Name each column once.' });
    return (
      all.find((column) => column.name === name) ??
      noColumn(
        '--columns',
        name,
        all.map((column) => column.name),
      )
    );
  });
}

/**
 * The columns to sort by: `branch,-changedAt`, where `-` turns the order round.
 * @throws OnecardError for the first name that is no column, or that the database cannot sort by.
 */
export function chosenSort(list: string, layout: Layout): readonly Sort[] {
  const all = linkColumns(layout).map(({ name }) => name);
  return namesIn(list, '--sort').map((text) => {
    const isDescending = text.startsWith('-');
    const name = isDescending ? text.slice(1) : text;
    const column = SORTABLE.find((each) => each === name);
    if (column !== undefined) return { column, isDescending };
    if (!all.includes(name)) return noColumn('--sort', name, SORTABLE);
    throw new OnecardError(
      `A report cannot be sorted by ${name}: the database does not have it as one value.`,
      {
        remedy: `It can be sorted by ${SORTABLE.join(', ')}.`,
      },
    );
  });
}

function namesIn(list: string, flag: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new OnecardError(`${flag} has an empty name in ${JSON.stringify(list)}.`, {
    remedy: `Put a comma only between names: ${flag} operator,branch.`,
  });
}

function noColumn(flag: string, name: string, names: readonly string[]): never {
  const close = nearest(name, names);
  throw new OnecardError(
    `${flag}: there is no column ${JSON.stringify(name)}${close === undefined ? '.' : `; did you mean ${close}?`}`,
    { remedy: `The columns are ${names.join(', ')}.` },
  );
}

/** What has to be read for these columns. */
export function needsOfColumns(columns: readonly LinkColumn[]): {
  withKeys: boolean;
  details: Set<DetailPart>;
} {
  const needs = new Set(columns.flatMap(({ needs: part }) => (part === undefined ? [] : [part])));
  const details = new Set<DetailPart>();
  for (const part of needs) if (part !== 'keys') details.add(part);
  return { withKeys: needs.has('keys'), details };
}
