import type { LinkDetails, ReportColumn, ReportTotal, ReportValue } from '../../model/report.js';
import type { Look } from '../terminal/look.js';

/** What a format is to write. */
export interface Report<Row> {
  /** `Links of operators` */
  readonly title: string;
  /** It was redacted: what the rows hold are pseudonyms. */
  readonly isRedacted: boolean;
  readonly columns: readonly ReportColumn<Row>[];
  readonly rows: AsyncIterable<Row>;
  /** For formats that can hold more of a row than the text of cells. */
  readonly detailsOf?: ((row: Row) => LinkDetails) | undefined;
  /** For formats that show more than rows. */
  readonly around?: Surroundings | undefined;
}

/** What a page says besides its rows. */
export interface Surroundings {
  /** What the report is of: the database, when it was made, what it leaves out. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly totals: readonly ReportTotal[];
  /** The names of columns with few different values, which a reader may choose from. */
  readonly filters: readonly string[];
}

export interface ReportSetting {
  /** Of whatever shows a table. */
  readonly look: Look;
  /** Is told what the file cannot hold: a sentence. */
  readonly note: (text: string) => void;
}

/** In pieces, as the rows come. */
export type ReportText = AsyncIterable<string | Uint8Array>;

export type ReportWriter = <Row>(report: Report<Row>, setting: ReportSetting) => ReportText;

export async function* recordsOf<Row>({
  columns,
  rows,
}: Pick<Report<Row>, 'columns' | 'rows'>): AsyncIterable<Record<string, ReportValue>> {
  for await (const row of rows)
    yield Object.fromEntries(columns.map((column) => [column.name, column.valueOf(row)]));
}

/** As a format without types writes it. */
export const textOf = (value: ReportValue): string => (value === null ? '' : String(value));
