import type { LinkDetails, ReportColumn } from '../../model/report.js';
import {
  DETAILS_CLASS,
  type EmbeddedDetail,
  type EmbeddedDetails,
  type EmbeddedRow,
  HISTORY,
  ROWS_CLASS,
} from './embedded.js';
import { jsonInScript } from './markup.js';

/** A block is parsed whole when one of its rows opens: small enough for that to be instant. */
const MOST_ROWS = 1_000;
const MOST_CHARACTERS = 1_000_000;

/**
 * The rows as blocks of JSON, and behind each block one of the details of its rows: the browser parses all of the
 * former at once, and of the latter only what is opened.
 */
export async function* dataBlocks<Row>(
  columns: readonly ReportColumn<Row>[],
  rows: AsyncIterable<Row>,
  detailsOf: ((row: Row) => LinkDetails) | undefined,
): AsyncIterable<string> {
  let block = new Block(detailsOf !== undefined);
  for await (const row of rows) {
    block.add(
      columns.map((column) => column.valueOf(row)),
      detailsOf?.(row),
    );
    if (!block.isFull) continue;
    yield block.toString();
    block = new Block(detailsOf !== undefined);
  }
  if (!block.isEmpty) yield block.toString();
}

class Block {
  readonly #opens: boolean;
  readonly #rows: string[] = [];
  readonly #details: string[] = [];
  /** By the columns of a card: which of the lists of columns that is. */
  readonly #cards = new Map<string, number>();
  #characters = 0;

  constructor(opens: boolean) {
    this.#opens = opens;
  }

  get isFull(): boolean {
    return this.#rows.length >= MOST_ROWS || this.#characters >= MOST_CHARACTERS;
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  add(row: EmbeddedRow, details: LinkDetails | undefined): void {
    this.#keep(this.#rows, row);
    if (details !== undefined) this.#keep(this.#details, this.#embedded(details));
  }

  #keep(list: string[], value: EmbeddedRow | EmbeddedDetail): void {
    const json = jsonInScript(value);
    list.push(json);
    this.#characters += json.length;
  }

  #embedded({ card, evidence, candidates, history }: LinkDetails): EmbeddedDetail {
    const columns = jsonInScript(card.map(([column]) => column));
    const known = this.#cards.get(columns) ?? this.#cards.size;
    this.#cards.set(columns, known);
    return [
      known,
      card.map(([, value]) => value),
      evidence,
      candidates,
      history.map((entry) => HISTORY.map((field) => entry[field])),
    ];
  }

  toString(): string {
    const rows = script(ROWS_CLASS, `[${this.#rows.join(',\n')}]`);
    if (!this.#opens) return rows;
    const fields: Record<keyof EmbeddedDetails, string> = {
      cards: `[${[...this.#cards.keys()].join(',')}]`,
      rows: `[${this.#details.join(',\n')}]`,
    };
    const details = Object.entries(fields).map(([name, json]) => `"${name}":${json}`);
    return rows + script(DETAILS_CLASS, `{${details.join(',')}}`);
  }
}

const script = (name: string, json: string) =>
  `<script type="application/json" class="${name}">${json}</script>\n`;
