import { type EmbeddedTable, TABLE_ID } from '../embedded.js';
import { found } from './elements.js';
import { Details, readRows, readTable } from './embedded-data.js';
import { Rows } from './rows.js';
import { Table } from './table.js';

/** So long the page may stand still while it reads, in milliseconds. */
const SLICE = 50;

const section = found(TABLE_ID, HTMLElement);
const notice = section.querySelector('.notice');

start().catch((problem: unknown) => {
  if (notice !== null) notice.textContent = `This browser could not show the table: ${String(problem)}`;
});

async function start(): Promise<void> {
  const table = readTable();
  const { rows, sizes } = await readAll(table);
  const shown = new Table(section, rows, table, table.opens ? new Details(sizes) : undefined);
  notice?.remove();
  shown.readAddress();
}

async function readAll(table: EmbeddedTable): Promise<{ rows: Rows; sizes: number[] }> {
  const rows = new Rows(table.columns);
  const sizes: number[] = [];
  let begun = performance.now();
  for (const block of readRows()) {
    rows.add(block);
    sizes.push(block.length);
    if (performance.now() - begun < SLICE) continue;
    await nextTask();
    begun = performance.now();
  }
  return { rows, sizes };
}

/** Not a timer, which waits for a second in a tab that nobody looks at. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
