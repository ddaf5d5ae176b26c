import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { Dump } from './dump.js';

/** Large enough for speed; rows and short statements are held no longer than a chunk. */
const CHUNK = 512 * 1024;

/** The file of a dump is cut off or damaged, where it was read up to. */
export class Damaged extends Error {}

/** The content of a dump file, unpacked, in chunks. */
export async function* fileContent({ path, isCompressed }: Dump): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  if (!isCompressed) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const unpacking = createGunzip({ chunkSize: CHUNK });
  file.on('error', (error) => unpacking.destroy(error));
  file.pipe(unpacking);
  try {
    yield* unpacking as AsyncIterable<Buffer>;
  } catch (cause) {
    const isGzip = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_');
    throw isGzip ? new Damaged('gzip cannot unpack what follows', { cause }) : cause;
  } finally {
    file.destroy();
  }
}
