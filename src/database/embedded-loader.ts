import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { EMBEDDED_FOLDER, takeHome } from './embedded.js';
import { judgePostgres, judgePostgresCommand } from './postgres/dump-rules.js';
import { PostgresGrammar } from './postgres/grammar.js';
import { refusedRows, refusedStatement } from './postgres/refusal.js';
import { type LeftOut, type Loader, Refused, textOf } from './script/loader.js';

/** Rows handed over at a time, in bytes: the engine keeps each piece in its memory. */
const PIECE = 4 * 1024 * 1024;

/** Loads into the embedded database below this folder, which is made where there is none. */
export async function openEmbeddedLoader(folder: string): Promise<Loader> {
  const home = join(folder, EMBEDDED_FOLDER);
  const unlock = takeHome(home);
  try {
    return new EmbeddedLoader(await PGlite.create(join(home, 'sample')), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class EmbeddedLoader implements Loader {
  readonly grammar = new PostgresGrammar();
  readonly judge = judgePostgres;
  readonly judgeCommand = judgePostgresCommand;
  readonly #engine: PGlite;
  readonly #unlock: () => void;

  constructor(engine: PGlite, unlock: () => void) {
    this.#engine = engine;
    this.#unlock = unlock;
  }

  async run(sql: string): Promise<number | LeftOut> {
    const text = textOf(sql);
    try {
      const [result] = await this.#engine.exec(text);
      return /^INSERT\s/i.test(text) ? (result?.affectedRows ?? 0) : 0;
    } catch (error) {
      refuseExtension(error, text);
      return refusedStatement(error, text);
    }
  }

  async copy(sql: string, rows: AsyncIterable<Buffer>): Promise<number> {
    const statement = textOf(sql).replace(/^(.*\sFROM\s+)stdin\b/is, "$1'/dev/blob'");
    let copied = 0;
    let lines = 0;
    for await (const piece of inPieces(rows)) {
      try {
        const result = await this.#engine.query(statement, [], { blob: new Blob([piece]) });
        copied += result.affectedRows ?? 0;
      } catch (error) {
        throw await refusedRows(error, lines);
      }
      lines += linesIn(piece);
    }
    return copied;
  }

  async finish(): Promise<void> {
    await this.#engine.exec('COMMIT');
    await this.#engine.exec('ANALYZE');
  }

  /** There is no connection: a statement that has begun comes to its end. */
  abort(): void {}

  async close(): Promise<void> {
    await this.#engine.close();
    this.#unlock();
  }
}

function refuseExtension(error: unknown, statement: string): void {
  const name = /^CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?("[^"]+"|\w+)/i.exec(statement)?.[1];
  if (name === undefined) return;
  throw new Refused(`the embedded database has no extension ${name}`, {
    remedy: 'Set DATABASE_URL=postgres://… of a scratch server that has it.',
    cause: error,
  });
}

/** Pieces of about that size, each of whole lines. */
async function* inPieces(rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const part of rows) {
    const end = part.lastIndexOf('\n') + 1;
    if (bytes + part.length < PIECE || end === 0) {
      held.push(part);
      bytes += part.length;
      continue;
    }
    yield Buffer.concat([...held, part.subarray(0, end)]);
    held = [part.subarray(end)];
    bytes = part.length - end;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

function linesIn(piece: Buffer): number {
  let lines = 0;
  for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) lines++;
  return lines;
}
