import type { Trigger } from '../../database/schema.js';
import { wrap } from './layout.js';
import { brushFor, type Look } from './look.js';
import { printable } from './printable.js';

/** What the application's own triggers will do when a run writes, as far as they can be seen. */
export function renderTriggers(triggers: readonly Trigger[], hidden: readonly string[], look: Look): string {
  const brush = brushFor(look);
  const listed = triggers.map((trigger) => `  ${printable(triggerText(trigger))}`);
  return [
    ...(listed.length === 0
      ? []
      : [
          brush.strong("The application's own triggers, which fire when a run writes or is rolled back:"),
          ...listed,
        ]),
    ...hidden.flatMap((table) =>
      wrap(hiddenText(table).split(' '), look.width).map((line) => brush.warning(line)),
    ),
  ].join('\n');
}

export const triggerText = ({ table, name, when, what }: Trigger) =>
  `${table.name}: ${name}, ${when}: ${what.replaceAll(/\s+/g, ' ')}`;

export const hiddenText = (table: string) =>
  `Whether the table ${printable(table)} has triggers cannot be seen: that takes the privilege TRIGGER on it.`;
