import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A script or style that is part of the page: its text, and what a Content-Security-Policy calls it. */
export interface Asset {
  readonly text: string;
  readonly source: string;
}

/** Reads what `npm run build` made of the folder client. */
export function asset(name: 'page.js' | 'page.css'): Asset {
  // By the package's own name for it: the sources and the built program lie at different depths.
  const file = createRequire(import.meta.url).resolve(`#client/${name}`);
  // As the HTML parser reads it, which is what the browser hashes.
  const text = readFileSync(file, 'utf8').replace(/\r\n?/g, '\n');
  return { text, source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` };
}
