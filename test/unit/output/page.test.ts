import { describe, expect, it } from 'vitest';
import { htmlPage } from '../../../src/output/html/page.js';
import { linkAt, linkPage } from '../../support/page/links.js';

describe('a page that is written', () => {
  it('has its totals before the first row is read, and then reads a block at a time', async () => {
    let read = 0;
    async function* rows() {
      for (let place = 0; place < 5_000; place++) {
        read++;
        yield linkAt(place);
      }
    }
    const chunks: number[] = [];
    let text = '';
    for await (const chunk of htmlPage({ ...linkPage(10), rows: rows() })) {
      if (text.length === 0) expect(chunk).toContain('<caption>Decisions</caption>');
      text += chunk;
      chunks.push(read);
    }
    expect(chunks).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 5_000]);
  });

  it('makes smaller blocks of long rows', async () => {
    let most = 0;
    const long = { ...linkAt(1), operatorName: 'x'.repeat(100_000) };
    async function* rows() {
      for (let place = 0; place < 100; place++) yield long;
    }
    for await (const chunk of htmlPage({ ...linkPage(10), rows: rows() })) {
      most = Math.max(most, chunk.length);
    }
    expect(most).toBeLessThan(1_500_000);
  });

  it('says of no part that it is nothing or all, unless it is', async () => {
    const totals = [
      {
        title: 'nearly',
        counts: [
          { label: 'most', count: 999_999 },
          { label: 'one', count: 1 },
          { label: 'none', count: 0 },
        ],
      },
      { title: 'empty', counts: [{ label: 'none', count: 0 }] },
    ];
    let text = '';
    for await (const chunk of htmlPage({ ...linkPage(0), totals })) text += chunk;
    const shares = [...text.matchAll(/class="share">([^<]*)</g)].map(([, share]) => share);
    expect(shares).toEqual(['&gt; 99.9%', '&lt; 0.1%', '0%', '0%']);
  });
});
