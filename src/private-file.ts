import { type FileHandle, open, rm } from 'node:fs/promises';
import { OnecardError } from './errors.js';
import { ExitCode } from './model/exit-code.js';

/** Bytes gathered before they are handed to the file: many small writes are slow. */
const CHUNK = 1 << 16;

/**
 * A new file that its owner alone may read. It is never written over what is there, a link to somewhere else
 * included.
 */
export class PrivateFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** Used again and again: memory outside the heap is given back late. */
  readonly #bytes = new Uint8Array(4 * CHUNK);
  #pending: string[] = [];
  #length = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** @throws OnecardError where there is something of that name already, or the file cannot be made. */
  static async create(path: string): Promise<PrivateFile> {
    try {
      return new PrivateFile(path, await open(path, 'wx', 0o600));
    } catch (cause) {
      throw unwritable(path, cause, ExitCode.Usage);
    }
  }

  /** Writes a file whole, or not at all. @throws OnecardError like the other methods, and whatever the pieces throw. */
  static async fill(
    path: string,
    pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  ): Promise<void> {
    const file = await PrivateFile.create(path);
    try {
      for await (const piece of pieces) await file.write(piece);
      await file.finish();
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  /** @throws OnecardError with exit code 1 where the disk is full or gone. */
  async write(text: string | Uint8Array): Promise<void> {
    if (typeof text !== 'string') {
      await this.flush();
      await this.#append(text);
      return;
    }
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= CHUNK) await this.flush();
  }

  /** What was written is on the disk then. @throws OnecardError like `write`. */
  async finish(): Promise<void> {
    await this.flush();
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (cause) {
      throw unwritable(this.path, cause, ExitCode.Failed);
    }
  }

  /** Leaves what was written so far. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  /** Leaves no half of a file behind. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  /** Hands over what was gathered. @throws OnecardError like `write`. */
  async flush(): Promise<void> {
    let text = this.#pending.join('');
    this.#pending = [];
    this.#length = 0;
    while (text !== '') {
      const { read, written } = ENCODER.encodeInto(text, this.#bytes);
      await this.#append(this.#bytes.subarray(0, written));
      text = text.slice(read);
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle.writeFile(bytes);
    } catch (cause) {
      throw unwritable(this.path, cause, ExitCode.Failed);
    }
  }
}

const ENCODER = new TextEncoder();

function unwritable(path: string, cause: unknown, exitCode: ExitCode): OnecardError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EEXIST') {
    return new OnecardError(`The file ${path} exists already, and is not overwritten.`, {
      remedy: 'Name another file, or remove it first.',
      cause,
    });
  }
  return new OnecardError(`The file ${path} cannot be written (${code ?? cause}).`, {
    remedy: 'Check the folder, its rights and its space.',
    exitCode,
    cause,
  });
}
