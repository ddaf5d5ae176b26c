import type { LinkDetails, ReportColumn, ReportTotal } from '../../model/report.js';
import { asset } from './assets.js';
import { dataBlocks } from './blocks.js';
import { type EmbeddedTable, TABLE_DATA_ID, TABLE_ID } from './embedded.js';
import { html, isolated, jsonInScript } from './markup.js';
import { totalMarkup } from './totals.js';

/** What a page is made of. */
export interface Page<Row> {
  readonly title: string;
  /** What the report is of: the database, when, with which filters, whether redacted, by which version. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** Pictures of totals; the counts of each add up to a whole. */
  readonly totals: readonly ReportTotal[];
  /** The first names a row; the first that holds a key is what links to a row go by: `#operator=KEY`. */
  readonly columns: readonly ReportColumn<Row>[];
  readonly rows: AsyncIterable<Row>;
  /** The names of the columns with few different values that get a list to choose from; others are ignored. */
  readonly filters: readonly string[];
  /** What opens below a row; without it, rows do not open. */
  readonly detailsOf?: ((row: Row) => LinkDetails) | undefined;
}

/**
 * A report as one HTML file that needs nothing else: no network, and no script but its own, which the
 * Content-Security-Policy names by its digest. Data are JSON that the script writes as text alone.
 *
 * The table is read in pages of real rows rather than in rows that come and go while scrolling: screen readers and
 * the keyboard have a plain table, focus stays where it is, and what the browser finds and copies is what is there.
 *
 * In chunks, at most a block of rows at a time in memory.
 */
export async function* htmlPage<Row>(page: Page<Row>): AsyncIterable<string> {
  const style = asset('page.css');
  const script = asset('page.js');
  const policy = [
    "default-src 'none'",
    `script-src ${script.source}`,
    `style-src ${style.source}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${html(page.title)}</title>
<style>${style.text}</style>
</head>
<body>
<a class="skip" href="#${TABLE_ID}">Skip to the table</a>
<main>
<header>
<h1>${html(page.title)}</h1>
<dl class="facts">
${page.facts.map(([label, value]) => `<div><dt>${html(label)}</dt><dd>${isolated(value)}</dd></div>`).join('\n')}
</dl>
</header>
${totalsMarkup(page.totals)}
<section id="${TABLE_ID}" aria-labelledby="table-title" tabindex="-1">
<h2 id="table-title">Table</h2>
<p class="notice">Reading the table … Without JavaScript it cannot be shown; the totals above are complete.</p>
</section>
</main>
<script type="application/json" id="${TABLE_DATA_ID}">${jsonInScript(tableOf(page))}</script>
`;
  yield* dataBlocks(page.columns, page.rows, page.detailsOf);
  yield `<script>${script.text}</script>
</body>
</html>
`;
}

function totalsMarkup(totals: readonly ReportTotal[]): string {
  if (totals.length === 0) return '';
  return `<section aria-labelledby="totals-title">
<h2 id="totals-title">Totals</h2>
<div class="totals">
${totals.map(totalMarkup).join('\n')}
</div>
</section>`;
}

function tableOf<Row>({ columns, filters, detailsOf }: Page<Row>): EmbeddedTable {
  return {
    columns: columns.map(({ name, title, holds }) => ({ name, title, holds })),
    filters: filters.filter((filter) => columns.some(({ name }) => name === filter)),
    opens: detailsOf !== undefined,
  };
}
