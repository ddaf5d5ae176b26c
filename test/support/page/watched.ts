import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a browser, and what went wrong there: errors, violations of its policy, requests. */
export interface Watched {
  readonly page: Page;
  readonly problems: string[];
}

/** Opens a written page and waits for its table. */
export async function watch(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => {
    problems.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.isNavigationRequest() || !request.url().startsWith('file:')) problems.push(request.url());
  });
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    console.error('violation of ' + event.violatedDirective + ' by ' + event.blockedURI))`);
  await page.goto(url);
  if (options.javaScriptEnabled !== false) await page.locator('table.rows').waitFor();
  return { page, problems };
}
