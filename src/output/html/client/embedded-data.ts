import type { LinkDetails } from '../../../model/report.js';
import {
  DETAILS_CLASS,
  type EmbeddedDetail,
  type EmbeddedDetails,
  type EmbeddedRow,
  type EmbeddedTable,
  ROWS_CLASS,
  TABLE_DATA_ID,
} from '../embedded.js';
import { found } from './elements.js';

// What is parsed here was written by the same version of onecard, in the same file.

export function readTable(): EmbeddedTable {
  return JSON.parse(found(TABLE_DATA_ID, HTMLScriptElement).text) as EmbeddedTable;
}

/** All rows, block by block; what has been read is let go of. */
export function* readRows(): Iterable<readonly EmbeddedRow[]> {
  for (const block of blocks(ROWS_CLASS)) {
    const rows = JSON.parse(block.text) as readonly EmbeddedRow[];
    block.remove();
    yield rows;
  }
}

/** The same as in the report, but for the history: its entries are in the order of `HISTORY`. */
export interface RowDetails extends Omit<LinkDetails, 'history'> {
  readonly history: EmbeddedDetail[4];
}

/** The details of rows: a block of them is parsed when one of its rows opens, and the last one kept. */
export class Details {
  readonly #blocks = [...blocks(DETAILS_CLASS)];
  /** The place of the first row of each block. */
  readonly #starts: readonly number[];
  #parsed: { readonly index: number; readonly details: EmbeddedDetails } | undefined;

  /** @param sizes the number of rows in each block. */
  constructor(sizes: readonly number[]) {
    let next = 0;
    this.#starts = sizes.map((size) => {
      const start = next;
      next += size;
      return start;
    });
  }

  /** @param row its place among all rows. */
  of(row: number): RowDetails {
    const index = this.#starts.findLastIndex((start) => start <= row);
    const { cards, rows } = this.#block(index);
    const detail = rows[row - (this.#starts[index] ?? 0)];
    if (detail === undefined) throw new Error(`The page has no details of row ${row}.`);
    return unpacked(detail, cards);
  }

  #block(index: number): EmbeddedDetails {
    if (this.#parsed?.index !== index) {
      const details = JSON.parse(this.#blocks[index]?.text ?? '') as EmbeddedDetails;
      this.#parsed = { index, details };
    }
    return this.#parsed.details;
  }
}

function unpacked(
  [card, values, evidence, candidates, history]: EmbeddedDetail,
  cards: EmbeddedDetails['cards'],
): RowDetails {
  const columns = cards[card] ?? [];
  return {
    card: columns.map((column, index) => [column, values[index] ?? null]),
    evidence,
    candidates,
    history,
  };
}

const blocks = (name: string) => document.querySelectorAll<HTMLScriptElement>(`script.${name}`);
