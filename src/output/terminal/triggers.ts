import type { Trigger } from '../../database/schema.js';
import { wrap } from './layout.js';
import { brushFor, type Look } from './look.js';
import { printable } from './printable.js';

/** What the application's own triggers will do when a run writes, as far as they can be seen. */
export function renderTriggers(
  {
    triggers,
    cardTriggers,
    hidden,
  }: {
    readonly triggers: readonly Trigger[];
    /** Names of those that fire when a card is inserted. */
    readonly cardTriggers: readonly string[];
    /** Tables whose triggers cannot be seen. */
    readonly hidden: readonly string[];
  },
  look: Look,
): string {
  const brush = brushFor(look);
  const listed = triggers.map((trigger) => `  ${printable(triggerText(trigger))}`);
  return [
    ...(listed.length === 0
      ? []
      : [
          brush.strong("The application's own triggers, which fire when a run writes or is rolled back:"),
          ...listed,
        ]),
    ...[...(cardTriggers.length === 0 ? [] : [keepingText(cardTriggers)]), ...hidden.map(hiddenText)].flatMap(
      (text) => wrap(text.split(' '), look.width).map((line) => brush.warning(line)),
    ),
  ].join('\n');
}

export const triggerText = ({ table, name, when, what }: Trigger) =>
  `${table.name}: ${name}, ${when}: ${what.replaceAll(/\s+/g, ' ')}`;

/** A rollback asks what refers to a card, not who made it so. */
export const keepingText = (names: readonly string[]) =>
  `Where ${names.map(printable).join(' or ')} makes rows that refer to a new person, a rollback keeps that card as referenced, until those rows are gone.`;

export const hiddenText = (table: string) =>
  `Whether the table ${printable(table)} has triggers cannot be seen: that takes the privilege TRIGGER on it.`;
