import type { ReportCount, ReportTotal } from '../../model/report.js';
import { formatCount } from '../terminal/amounts.js';
import { html, isolated } from './markup.js';

/** Counts as a table, each with a bar: read without the picture it says the same. */
export function totalMarkup({ title, counts }: ReportTotal): string {
  const whole = counts.reduce((sum, { count }) => sum + count, 0);
  return `<table class="total">
<caption>${html(title)}</caption>
<tbody>
${counts.map((count) => countMarkup(count, whole)).join('\n')}
</tbody>
</table>`;
}

function countMarkup({ label, count }: ReportCount, whole: number): string {
  return `<tr><th scope="row">${isolated(label)}${bar(count, whole)}</th><td>${formatCount(count)}</td><td class="share">${share(count, whole)}</td></tr>`;
}

/** Sized by attributes: a style would be blocked. */
function bar(count: number, whole: number): string {
  const width = whole === 0 ? 0 : Math.round((count / whole) * 10_000) / 100;
  return `<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" width="100" height="1"/><rect class="part" width="${width}" height="1"/></svg>`;
}

/** Only nothing is 0%, and only all is 100%. */
function share(count: number, whole: number): string {
  if (count === 0) return '0%';
  if (count === whole) return '100%';
  const percent = (count / whole) * 100;
  if (percent < 0.1) return '&lt; 0.1%';
  if (percent > 99.9) return '&gt; 99.9%';
  return `${percent.toFixed(1)}%`;
}
