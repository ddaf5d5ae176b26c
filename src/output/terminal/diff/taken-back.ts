import type { Prospect } from '../../../rollback/preview.js';
import { padded, widthOf } from '../layout.js';
import { brushFor, type Tone } from '../look.js';
import { printable, printableWithin, quotedWithin } from '../printable.js';
import {
  BODY_INDENT,
  type DiffContext,
  GAP,
  linkColumn,
  NARROWEST,
  say,
  sentence,
  tableName,
} from './context.js';

const LONGEST_LABEL = 32;

/** What a rollback will do about one operator: the diff of the run the other way round, without a final line break. */
export function renderTakenBack(prospect: Prospect, context: DiffContext): string {
  const { state, reason } = prospect;
  const isKept = state === 'kept';
  const tone: Tone = isKept ? 'warning' : 'bad';
  return [
    header(
      isKept ? '= keep' : prospect.action === 'create' ? '- remove' : '~ unlink',
      tone,
      prospect,
      context,
    ),
    ...(reason === null ? [] : sentence('warning', say(printable(`! ${reason}`)), context)),
    ...removedCard(prospect, context),
    ...restoredLink(prospect, context),
  ].join('\n');
}

function header(word: string, tone: Tone, { name, operator }: Prospect, { look }: DiffContext): string {
  const brush = brushFor(look);
  const key = `operator ${printable(operator)}`;
  const start = padded(word, 10);
  const room = Math.max(NARROWEST, look.width - widthOf(start) - GAP - widthOf(key));
  const shown = name.trim() === '' ? '(no name)' : printableWithin(name, room);
  return `${brush[tone](start)}${brush.strong(shown)}  ${key}`;
}

function removedCard({ card, person }: Prospect, { look, configuration }: DiffContext): string[] {
  if (card === null) return [];
  const brush = brushFor(look);
  const filled = Object.entries(card).filter(([, value]) => value !== null && value !== '');
  const labels = filled.map(([column]) => `${printable(column)}:`);
  const width = Math.min(LONGEST_LABEL, Math.max(0, ...labels.map(widthOf)));
  const indent = ' '.repeat(BODY_INDENT + GAP);
  const room = Math.max(NARROWEST, look.width - indent.length - width - 3);
  return [
    `${' '.repeat(BODY_INDENT)}${brush.bad(`- ${tableName(configuration.persons.table)} ${printable(person)}`)}`,
    ...filled.map(
      ([, value], index) =>
        `${indent}${brush.bad(`- ${padded(labels[index] ?? '', width)} ${quotedWithin(value ?? '', room)}`)}`,
    ),
  ];
}

function restoredLink({ link }: Prospect, { look, configuration }: DiffContext): string[] {
  if (link === null) return [];
  const shown = (value: string | null) => (value === null ? 'NULL' : value === '' ? '""' : printable(value));
  const line = `~ ${linkColumn(configuration)}: ${shown(link.from)} → ${shown(link.to)}`;
  return [' '.repeat(BODY_INDENT) + brushFor(look).change(line)];
}
