import { createWriteStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Browser, chromium } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

export const chromiumIsInstalled = existsSync(PROGRAM);

/** The installed one; none is ever downloaded. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** Writes a page into a file as a command does. */
export async function writePage(chunks: AsyncIterable<string>, file: string): Promise<void> {
  await pipeline(Readable.from(chunks), createWriteStream(file));
}
