import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ReportColumn } from '../../src/model/report.js';
import { htmlPage } from '../../src/output/html/page.js';
import { printable } from '../../src/output/terminal/printable.js';
import { chromiumIsInstalled, startBrowser, writePage } from '../support/page/browser.js';
import { HOSTILE } from '../support/page/hostile.js';
import { linkAt, linkPage } from '../support/page/links.js';
import { type Watched, watch } from '../support/page/watched.js';

const ROWS = 2_500;

/** Laid out beside each other or below one another. */
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 } };

describe.skipIf(!chromiumIsInstalled)('the page of a report', () => {
  const folder = inject('sharedFolder');
  const report = join(folder, 'report.html');
  const url = pathToFileURL(report).href;
  let browser: Browser;
  let watched: Watched[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
    await writePage(htmlPage(linkPage(ROWS)), report);
  });

  afterAll(() => browser?.close());

  afterEach(async () => {
    const problems = watched.flatMap((tab) => tab.problems);
    await Promise.all(watched.map(({ page }) => page.close()));
    watched = [];
    // Whatever a test is about: no error, no violation of the policy, no request.
    expect(problems).toEqual([]);
  });

  async function open(fragment = '', options: BrowserContextOptions = {}, address = url): Promise<Tab> {
    const tab = await watch(browser, address + fragment, options);
    watched.push(tab);
    return tab.page;
  }

  const links = Array.from({ length: ROWS }, (_, place) => linkAt(place));
  const status = (tab: Tab) => tab.locator('[role=status]').textContent();
  const column = (tab: Tab, place: number) =>
    tab.locator(`table.rows > tbody > tr:not(.details) > :nth-child(${place})`).allTextContents();
  const keys = (tab: Tab) => column(tab, 1);
  const search = (tab: Tab) => tab.getByRole('searchbox', { name: 'Search all rows' });
  const title = (tab: Tab, name: string) => tab.getByRole('columnheader', { name }).getByRole('button');
  const list = (tab: Tab, name: string) => tab.getByRole('combobox', { name, exact: true });
  const opener = (tab: Tab, key: string) => tab.getByRole('button', { name: `Details of ${key}` });

  describe('what it shows', () => {
    it('has the rows in the order of the report, a hundred at a time', async () => {
      const tab = await open();
      expect(await status(tab)).toBe('2,500 rows');
      expect(await keys(tab)).toEqual(links.slice(0, 100).map(({ operator }) => operator));
      await tab.getByRole('button', { name: 'Next' }).click();
      expect(await keys(tab)).toEqual(links.slice(100, 200).map(({ operator }) => operator));
      await tab.getByRole('button', { name: 'Last' }).click();
      expect(await keys(tab)).toEqual(links.slice(2_400).map(({ operator }) => operator));
    });

    it('keeps the focus on the button that turned to the last page', async () => {
      const tab = await open();
      const last = tab.getByRole('button', { name: 'Last' });
      await last.press('Enter');
      expect(await last.getAttribute('aria-disabled')).toBe('true');
      expect(await last.evaluate('document.activeElement.textContent')).toBe('Last');
    });

    it('has totals whose numbers are text, beside their pictures', async () => {
      const tab = await open();
      const total = tab.getByRole('table', { name: 'After' });
      const linked = links.filter(({ linkedBy }) => linkedBy !== null).length;
      expect(await total.getByRole('row').first().textContent()).toBe(
        `linked${linked.toLocaleString('en-US')}${((linked / ROWS) * 100).toFixed(1)}%`,
      );
    });

    it('shows the totals without JavaScript, and says what is missing', async () => {
      const tab = await open('', { javaScriptEnabled: false });
      expect(await tab.getByText('Without JavaScript it cannot be shown').isVisible()).toBe(true);
      expect(await tab.getByRole('table', { name: 'Decisions' }).isVisible()).toBe(true);
      const other = await open();
      expect(await other.getByText('Without JavaScript').count()).toBe(0);
    });

    it('fits a phone', async () => {
      const tab = await open('', PHONE);
      await opener(tab, links[0]?.operator ?? '').click();
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await tab.locator('[data-title="Operator name"]').first().isVisible()).toBe(true);
      await list(tab, 'Order').selectOption('Operator name, descending');
      expect(await tab.evaluate('location.hash')).toBe('');
      await expect.poll(() => tab.evaluate('location.hash')).toBe('#sort=-operatorName');
    });
  });

  describe('searching', () => {
    it('finds the rows that hold every word, whatever its case and accents', async () => {
      const tab = await open();
      await search(tab).fill('GARCIA ZOE');
      const found = links.filter(({ operatorName }) => operatorName === 'García Márquez, Zoë');
      expect(found.length).toBeGreaterThan(0);
      expect(await keys(tab)).toEqual(found.map(({ operator }) => operator));
      expect(await status(tab)).toBe(`${found.length} of 2,500 rows`);
    });

    it('finds no word that spans two columns', async () => {
      const tab = await open();
      const [first] = links;
      await search(tab).fill(`${first?.decision}${first?.reason}`);
      expect(await status(tab)).toBe('0 of 2,500 rows');
    });

    it('goes back to the first page', async () => {
      const tab = await open('#page=9');
      expect(await keys(tab)).toEqual(links.slice(800, 900).map(({ operator }) => operator));
      await search(tab).fill('e');
      expect(await tab.getByRole('spinbutton', { name: 'Page' }).inputValue()).toBe('1');
    });
  });

  describe('filtering', () => {
    it('takes what is chosen in each list, and says how many rows there are of each', async () => {
      const tab = await open();
      const created = links.filter(({ decision }) => decision === 'create');
      await list(tab, 'Decision').selectOption(`create (${created.length})`);
      await list(tab, 'Branch').selectOption({ value: '=Delft' });
      const inDelft = created.filter(({ branch }) => branch === 'Delft');
      expect(await status(tab)).toBe(`${inDelft.length} of 2,500 rows`);
      expect(await keys(tab)).toEqual(inDelft.slice(0, 100).map(({ operator }) => operator));
    });

    it('finds the rows that have no value', async () => {
      const tab = await open();
      const homeless = links.filter(({ branch }) => branch === null);
      await list(tab, 'Branch').selectOption(`none (${homeless.length})`);
      expect(await status(tab)).toBe(`${homeless.length} of 2,500 rows`);
    });

    it('is cleared together with the search and the order', async () => {
      const tab = await open('#search=e&decision=create&sort=-operator');
      await tab.getByRole('button', { name: 'Clear' }).click();
      expect(await status(tab)).toBe('2,500 rows');
      expect(await keys(tab)).toEqual(links.slice(0, 100).map(({ operator }) => operator));
      await expect.poll(() => tab.evaluate('location.hash')).toBe('');
    });
  });

  describe('sorting', () => {
    const names: readonly (string | null)[] = ['a10', null, 'a9', 'Émile', 'a9', 'émile', 'Eric', '', 'a090'];
    const columns: readonly ReportColumn<{ place: number; name: string | null }>[] = [
      { name: 'place', title: 'Place', holds: 'number', valueOf: ({ place }) => place },
      { name: 'name', title: 'Name', holds: 'text', valueOf: ({ name }) => name },
    ];

    async function sorted(press: number): Promise<string[]> {
      const file = join(folder, 'sorting.html');
      await writePage(
        htmlPage({
          title: 'Sorting',
          facts: [],
          totals: [],
          filters: ['absent'],
          columns,
          rows: streamed(names.map((name, place) => ({ place, name }))),
        }),
        file,
      );
      const tab = await open('', { locale: 'en-GB' }, pathToFileURL(file).href);
      for (let time = 0; time < press; time++) await title(tab, 'Name').click();
      expect(await tab.getByRole('button', { name: 'Details' }).count()).toBe(0);
      return keys(tab);
    }

    it('knows numbers and accents, leaves equals as they were, and puts what is empty last', async () => {
      expect(await sorted(1)).toEqual(['2', '4', '0', '8', '5', '3', '6', '1', '7']);
    });

    it('does so the other way round, too', async () => {
      expect(await sorted(2)).toEqual(['6', '3', '5', '8', '0', '2', '4', '1', '7']);
    });

    it('says which column it is, and which way round', async () => {
      const tab = await open();
      const heading = tab.getByRole('columnheader', { name: 'Changed at' });
      expect(await heading.getAttribute('aria-sort')).toBeNull();
      await title(tab, 'Changed at').click();
      expect(await heading.getAttribute('aria-sort')).toBe('ascending');
      await title(tab, 'Changed at').click();
      expect(await heading.getAttribute('aria-sort')).toBe('descending');
      const latest =
        links
          .map(({ changedAt }) => changedAt ?? '')
          .sort()
          .at(-1) ?? '';
      expect((await column(tab, 9))[0]).toBe(latest.replace('T', ' ').replace('Z', ' UTC'));
      expect(await tab.locator('[aria-sort]').count()).toBe(1);
    });
  });

  describe('a closer look', () => {
    const created = links.find(({ decision }) => decision === 'create');
    const review = links.find(({ reason }) => reason === 'ambiguous');

    it('shows card, evidence, candidates and history below the row', async () => {
      const tab = await open(`#search=${created?.operator}`);
      const button = opener(tab, created?.operator ?? '');
      expect(await button.getAttribute('aria-expanded')).toBe('false');
      await button.click();
      expect(await button.getAttribute('aria-expanded')).toBe('true');
      const panel = tab.locator(`#${await button.getAttribute('aria-controls')}`);
      const { card, evidence, history } = created?.details ?? { card: [], evidence: [], history: [] };
      expect(await panel.locator('dt').allTextContents()).toEqual(card.map(([name]) => name));
      expect(await panel.locator('dd').allTextContents()).toEqual(card.map(([, value]) => value ?? 'NULL'));
      expect(await panel.locator('.evidence li').allTextContents()).toEqual(evidence);
      const entries = panel.getByRole('table', { name: 'History' }).locator('tbody tr');
      expect(await entries.count()).toBe(history.length);
      expect(await entries.first().getByRole('cell').nth(1).textContent()).toBe(history[0]?.run);
      await button.click();
      expect(await panel.count()).toBe(0);
    });

    it('has that of the right row in every block of data', async () => {
      for (const place of [0, 999, 1_000, 1_999, 2_000, 2_499]) {
        const link = links[place];
        const tab = await open(`#operator=${link?.operator}`);
        const [entry] = link?.details.history ?? [];
        expect(await tab.locator('.details .evidence').textContent()).toContain(
          link?.details.evidence[0] ?? 'There is none.',
        );
        expect(await tab.locator('.details .history tbody tr td:nth-child(7)').first().textContent()).toBe(
          entry?.person ?? '',
        );
      }
    });

    it('names the candidates of who is under review', async () => {
      const tab = await open(`#operator=${review?.operator}`);
      expect(await tab.locator('.details .candidates li').allTextContents()).toEqual(
        review?.details.candidates,
      );
      expect(await tab.locator('.details .card').textContent()).toContain('It has no person card.');
    });
  });

  describe('the address', () => {
    it('holds what is searched, filtered and sorted, so that others see the same', async () => {
      const tab = await open();
      await search(tab).fill('ä & ö #1');
      await search(tab).fill('an');
      await list(tab, 'Decision').selectOption({ value: '=linked' });
      await list(tab, 'Branch').selectOption({ value: '=' });
      await title(tab, 'Operator name').click();
      await list(tab, 'Rows per page').selectOption('50');
      await expect
        .poll(() => tab.evaluate('location.hash'))
        .toBe('#search=an&decision=linked&branch=&sort=operatorName&rows=50');
      const other = await open(await tab.evaluate<string>('location.hash'));
      expect(await keys(other)).toEqual(await keys(tab));
      expect(await status(other)).toBe(await status(tab));
      expect(await search(other).inputValue()).toBe('an');
      expect(await list(other, 'Decision').inputValue()).toBe('=linked');
    });

    it('leads to a row: opened, in view and focused', async () => {
      const link = links[1_234];
      const tab = await open(`#operator=${link?.operator}`);
      const button = opener(tab, link?.operator ?? '');
      expect(await button.getAttribute('aria-expanded')).toBe('true');
      expect(await button.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
        `Details of ${link?.operator}`,
      );
      expect(await tab.locator('.details').getByRole('link').getAttribute('href')).toBe(
        `#operator=${link?.operator}`,
      );
    });

    it('is followed when it is changed by hand', async () => {
      const tab = await open('#search=no-such-word');
      expect(await status(tab)).toBe('0 of 2,500 rows');
      await tab.evaluate(`location.hash = '#operator=${links[700]?.operator}'`);
      await opener(tab, links[700]?.operator ?? '').waitFor();
      expect(await status(tab)).toBe('2,500 rows');
    });

    it('says so where it names no row', async () => {
      const tab = await open('#operator=%3Cb%3E4711');
      expect(await status(tab)).toBe('2,500 rows; <b>4711 is not among them');
    });

    it('may name what does not exist', async () => {
      const tab = await open('#page=-4&rows=7&sort=nothing&branch=Nowhere&x=y');
      expect(await status(tab)).toBe('0 of 2,500 rows');
      expect(await list(tab, 'Branch').inputValue()).toBe('=Nowhere');
      const last = await open('#page=1e9');
      expect(await keys(last)).toEqual(links.slice(2_400).map(({ operator }) => operator));
    });
  });

  it('is used by the keyboard alone', async () => {
    const tab = await open();
    const focused = () =>
      tab.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.textContent');
    await tab.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the table');
    await tab.keyboard.press('Enter');
    await tab.keyboard.press('Tab');
    await tab.keyboard.type('Müller');
    const found = links.filter(({ operatorName }) => operatorName.startsWith('Müller'));
    expect(await status(tab)).toBe(`${found.length} of 2,500 rows`);
    await tab.keyboard.press('Tab');
    await tab.keyboard.press('ArrowDown');
    expect(await list(tab, 'Decision').inputValue()).toBe('=create');
    for (let press = 0; press < 6; press++) await tab.keyboard.press('Tab');
    expect(await focused()).toBe('Operator');
    await tab.keyboard.press('Enter');
    expect(await focused()).toBe('Operator');
    const operators = found.filter(({ decision }) => decision === 'create').map(({ operator }) => operator);
    const [first] = await keys(tab);
    expect(first).toBe(operators.sort(new Intl.Collator('en', { numeric: true }).compare)[0]);
    for (let press = 0; press < 10; press++) await tab.keyboard.press('Tab');
    expect(await focused()).toBe(`Details of ${first}`);
    await tab.keyboard.press('Space');
    expect(await tab.locator('.details').count()).toBe(1);
    expect(await focused()).toBe(`Details of ${first}`);
    await tab.keyboard.press('Tab');
    expect(await focused()).toBe('Link to this row');
  });

  describe('printing', () => {
    it('prints what was found, up to a bound that it names, with the header on each sheet', async () => {
      const tab = await open('#decision=linked');
      // The width of a sheet.
      await tab.setViewportSize({ width: 1_030, height: 700 });
      await tab.emulateMedia({ media: 'print' });
      const count = links.filter(({ decision }) => decision === 'linked').length;
      await tab.evaluate(`dispatchEvent(new Event('beforeprint'))`);
      expect((await keys(tab)).length).toBe(count);
      const words = tab.locator('.printed');
      expect(await words.textContent()).toBe(`${count} of 2,500 rows; decision: linked (${count}).`);
      await tab.evaluate(`location.hash = ''`);
      await expect.poll(() => status(tab)).toBe('2,500 rows');
      await tab.evaluate(`dispatchEvent(new Event('beforeprint'))`);
      expect((await keys(tab)).length).toBe(2_000);
      expect(await words.textContent()).toContain('Only the first 2,000 of them are printed');
      expect(await search(tab).isVisible()).toBe(false);
      const clipped = `[...document.querySelectorAll('table.rows > thead th')].filter((cell) =>
        cell.scrollWidth > cell.clientWidth || cell.getBoundingClientRect().right > innerWidth).length`;
      expect(await tab.evaluate(clipped)).toBe(0);
      expect(
        await tab.evaluate(`getComputedStyle(document.querySelector('table.rows > thead')).display`),
      ).toBe('table-header-group');
      await tab.evaluate(`dispatchEvent(new Event('afterprint'))`);
      expect((await keys(tab)).length).toBe(100);
    });

    it('does so when the browser prints', async () => {
      const tab = await open('#decision=linked');
      const sheets = async () =>
        (await tab.pdf()).toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(await sheets()).toBeGreaterThan(8);
      expect((await keys(tab)).length).toBe(100);
    });
  });

  describe('to who cannot see it', () => {
    const small = join(folder, 'small.html');
    const states: readonly [string, BrowserContextOptions][] = [
      ['in light', { colorScheme: 'light' }],
      ['in dark', { colorScheme: 'dark' }],
      ['on a phone', { ...PHONE, colorScheme: 'light' }],
      ['on a phone in dark', { ...PHONE, colorScheme: 'dark' }],
    ];

    beforeAll(() => writePage(htmlPage(linkPage(20)), small));

    it.each(states)('has no fault that axe knows, %s, closed and open', async (_, options) => {
      const tab = await open('#sort=operatorName', options, pathToFileURL(small).href);
      await tab.evaluate(axe.source);
      expect(await faults(tab)).toEqual([]);
      await tab.locator('.opener').first().click();
      await tab.locator('.opener').nth(4).click();
      expect(await faults(tab)).toEqual([]);
    });

    async function faults(tab: Tab): Promise<string[]> {
      return tab.evaluate<string[]>(
        `axe.run().then(({ violations, incomplete }) => [...violations, ...incomplete.filter(({ id }) => id !== 'color-contrast')]
          .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`,
      );
    }
  });

  describe('whatever the data hold', () => {
    const file = join(folder, 'hostile.html');
    const fields = ['first', 'second'] as const;

    beforeAll(() =>
      writePage(
        htmlPage({
          title: HOSTILE.join(' '),
          facts: HOSTILE.map((text) => [text, text]),
          totals: [{ title: HOSTILE[4], counts: HOSTILE.map((label) => ({ label, count: 1 })) }],
          columns: [
            ...fields.map((name) => ({
              name,
              title: `${name} ${HOSTILE[4]}`,
              holds: name === 'first' ? ('key' as const) : ('text' as const),
              valueOf: (text: string) => text,
            })),
            { name: HOSTILE[23], title: HOSTILE[9], holds: 'time', valueOf: (text) => text },
          ],
          filters: ['second'],
          rows: streamed(HOSTILE),
          detailsOf: (text) => ({
            card: [[text, text]],
            evidence: [text],
            candidates: [text],
            history: [
              {
                run: text,
                at: text,
                decision: text,
                reason: text,
                action: text,
                state: text,
                person: text,
                why: text,
              },
            ],
          }),
        }),
        file,
      ),
    );

    const shown = HOSTILE.map(printable);
    const NAME = `second ${HOSTILE[4]}`;

    it('nothing of them acts, and nothing is lost', async () => {
      const tab = await open('', {}, pathToFileURL(file).href);
      const openers = tab.locator('.opener');
      for (let place = 0; place < HOSTILE.length; place++) await openers.nth(place).click();
      while ((await tab.locator('.more').count()) > 0) await tab.locator('.more').first().click();
      for (const place of [1, 2, 3]) expect(await column(tab, place)).toEqual(shown);
      for (const part of ['dt', 'dd', '.evidence li', '.candidates li']) {
        expect(await tab.locator(`.details ${part}`).allTextContents()).toEqual(shown);
      }
      expect(await tab.locator('.history td').allTextContents()).toEqual(
        shown.flatMap((text) => Array.from({ length: 8 }, () => text)),
      );
      expect(await tab.locator('.facts dt').allTextContents()).toEqual(shown);
      expect(await tab.locator('.facts dd').allTextContents()).toEqual(shown);
      expect(await tab.locator('.total bdi').allTextContents()).toEqual(shown);
      expect(await tab.locator('h1').textContent()).toBe(printable(HOSTILE.join(' ')));
      expect(await tab.evaluate('globalThis.acted')).toBeUndefined();
      expect(
        await tab
          .locator('img, iframe, object, embed, [onerror], [onload], [onmouseover], [style*=x]')
          .count(),
      ).toBe(0);
    });

    it('is found, filtered and linked to by what it is', async () => {
      const tab = await open('', {}, pathToFileURL(file).href);
      for (const [place, text] of HOSTILE.entries()) {
        if (text.length > 100 || /\p{Cs}/u.test(text)) continue;
        await list(tab, NAME).selectOption({ value: `=${text}` });
        expect(await keys(tab)).toEqual([shown[place]]);
        await list(tab, NAME).selectOption({ value: 'all' });
        await tab.evaluate(`location.hash = ${JSON.stringify(`#${new URLSearchParams([['first', text]])}`)}`);
        await tab.locator('.details').first().waitFor();
        expect(await tab.evaluate('document.activeElement.ariaLabel')).toBe(`Details of ${shown[place]}`);
        await tab.evaluate(`document.activeElement.click()`);
      }
    });

    it('its source holds nothing that acts on who reads it', async () => {
      const source = await readFile(file, 'utf8');
      expect(source.match(/(?![\n\t])\p{C}/gu)).toBeNull();
      expect(source.match(/<script/g)?.length).toBe(4);
    });
  });

  it('lets no script, style or request in that somebody adds to it', async () => {
    const file = join(folder, 'injected.html');
    const added = `<script>document.title = 'acted'</script><img src="http://127.0.0.1:9/x" onerror="document.title = 'acted'">
<p id="styled" style="color: red" onclick="document.title = 'acted'">text</p><link rel="stylesheet" href="http://127.0.0.1:9/y.css">
<iframe src="http://127.0.0.1:9/z"></iframe><base href="http://127.0.0.1:9/"></main>`;
    await writeFile(
      file,
      (await readFile(report, 'utf8')).replace('</main>', () => added),
    );
    const { page, problems } = await watch(browser, pathToFileURL(file).href);
    await page.locator('#styled').click();
    expect(await page.title()).toBe('Link report');
    const color = await page.evaluate(`getComputedStyle(document.getElementById('styled')).color`);
    expect(color).not.toBe('rgb(255, 0, 0)');
    await expect(page.evaluate(`document.body.innerHTML = '<b>acted</b>'`)).rejects.toThrow('TrustedHTML');
    await expect(page.evaluate(`fetch('http://127.0.0.1:9/')`)).rejects.toThrow('Failed to fetch');
    const violated = () => problems.flatMap((problem) => /^violation of (\S+)/.exec(problem)?.[1] ?? []);
    await expect
      .poll(() => [...new Set(violated())].sort())
      .toEqual([
        'base-uri',
        'connect-src',
        'frame-src',
        'img-src',
        'require-trusted-types-for',
        'script-src-attr',
        'script-src-elem',
        'style-src-attr',
        'style-src-elem',
      ]);
    await page.close();
  });
});

async function* streamed<Row>(rows: Iterable<Row>): AsyncIterable<Row> {
  yield* rows;
}
