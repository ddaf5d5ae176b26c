import type { FileHandle } from 'node:fs/promises';
import { Damaged } from './file-content.js';

/** Of a tar archive: headers begin at its multiples, and one is as long as that. */
const BLOCK = 512;
/** Of the size in a header. */
const SIZE = { from: 124, to: 136 };

/** Goes from header to header of a tar archive, up to the block of zeros that stands behind its last member. */
export async function tarIsWhole(file: FileHandle): Promise<boolean> {
  for (let at = 0; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
    if (bytesRead < BLOCK) return false;
    const content = bytesBehind(buffer);
    if (content === undefined) return true;
    at += BLOCK + content;
  }
}

/**
 * Passes a tar archive on.
 *
 * @throws Damaged where it ends before its end.
 */
export async function* wholeTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const headers = new Headers();
  for await (const chunk of chunks) {
    headers.pass(chunk);
    yield chunk;
  }
  if (!headers.haveEnded) throw new Damaged('the tar archive is cut off');
}

class Headers {
  haveEnded = false;
  #header = Buffer.alloc(0);
  /** Bytes up to the next one. */
  #ahead = 0;

  pass(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.haveEnded; ) {
      const passed = Math.min(this.#ahead, chunk.length - at);
      this.#ahead -= passed;
      at += passed;
      if (this.#ahead > 0) return;
      const part = chunk.subarray(at, at + BLOCK - this.#header.length);
      this.#header = Buffer.concat([this.#header, part]);
      at += part.length;
      if (this.#header.length === BLOCK) this.#take();
    }
  }

  #take(): void {
    const content = bytesBehind(this.#header);
    if (content === undefined) this.haveEnded = true;
    else this.#ahead = content;
    this.#header = Buffer.alloc(0);
  }
}

/** What the member of a header fills; undefined where it is none, but the end. */
function bytesBehind(header: Buffer): number | undefined {
  if (header.every((byte) => byte === 0)) return undefined;
  const field = header.subarray(SIZE.from, SIZE.to);
  // Too large for octal digits, it stands there in binary, behind a mark.
  const isBinary = ((field[0] ?? 0) & 0x80) !== 0;
  const size = isBinary
    ? field.readUIntBE(field.length - 6, 6)
    : Number.parseInt(field.toString('latin1').replaceAll('\0', ' ').trim() || '0', 8);
  return Math.ceil((Number.isNaN(size) ? 0 : size) / BLOCK) * BLOCK;
}
