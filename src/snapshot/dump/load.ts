import type { Loader, NotRun } from '../../database/script/loader.js';
import { LeftOut, Refused } from '../../database/script/loader.js';
import { openLoader } from '../../database/script/open-loader.js';
import { type Piece, Splitter } from '../../database/script/splitter.js';
import type { Target } from '../../database/target.js';
import { OnecardError } from '../../errors.js';
import type { Dump } from './dump.js';
import { Damaged, fileContent } from './file-content.js';
import { scriptOfArchive } from './pg-restore.js';

export interface Loaded {
  /** That the database has run. */
  readonly statements: number;
  readonly rows: number;
  /** The kinds of statements that were left out, in words, each with their number. */
  readonly skipped: readonly string[];
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Called at times with the bytes of the script that are read, unpacked. */
  readonly onProgress?: (bytes: number) => void;
}

/** Where a dump goes to: an empty database. */
export interface Destination {
  readonly target: Target;
  /** The folder of the embedded database. */
  readonly workplace: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Loads a dump into an empty database, which afterwards stands on its own: whatever reaches beyond it is left
 * out, and told. The database stays half-filled where it fails.
 *
 * @throws OnecardError where it is no dump for this database, with the line that is refused or at which it is
 *   cut off; the reason of the signal where that aborts it.
 */
export async function loadDump(dump: Dump, into: Destination, options: LoadOptions = {}): Promise<Loaded> {
  options.signal?.throwIfAborted();
  const loader = await openLoader(dump.family, into.target, into.env, into.workplace);
  const onAbort = () => loader.abort();
  options.signal?.addEventListener('abort', onAbort);
  try {
    return await new Load(dump, loader, options).run(into.env);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await loader.close();
  }
}

/** The marks of the programs that write dumps, by which one that is cut off is told. */
const FIRST_COMMENT = /^-- (?:PostgreSQL database dump|(?:MariaDB|MySQL) dump .*)$/;
const LAST_COMMENT = /^-- (?:PostgreSQL database dump complete|Dump completed\b.*)$/;
const ORIGINAL = 'the name of the original database (CREATE DATABASE, USE)';

class Load {
  readonly #dump: Dump;
  readonly #loader: Loader;
  readonly #options: LoadOptions;
  readonly #splitter: Splitter;
  readonly #skipped = new Map<string, number>();
  #statements = 0;
  #rows = 0;
  #database: string | undefined;
  #hasBegun = false;
  #isComplete = false;

  constructor(dump: Dump, loader: Loader, options: LoadOptions) {
    this.#dump = dump;
    this.#loader = loader;
    this.#options = options;
    this.#splitter = new Splitter(loader.grammar);
  }

  async run(env: NodeJS.ProcessEnv): Promise<Loaded> {
    const pieces = this.#pieces(env);
    try {
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
        await this.#take(next.value, pieces);
      }
    } catch (error) {
      throw error instanceof Damaged ? this.#cutOff(this.#splitter.line, error.message) : error;
    } finally {
      await pieces.return(undefined);
    }
    await this.#loader.finish();
    return {
      statements: this.#statements,
      rows: this.#rows,
      skipped: [...this.#skipped].map(([what, times]) => `${what}: ${times}`),
    };
  }

  async *#pieces(env: NodeJS.ProcessEnv): AsyncGenerator<Piece, void> {
    const { signal, onProgress } = this.#options;
    const { format } = this.#dump;
    const chunks = format === 'plain' ? fileContent(this.#dump) : scriptOfArchive(this.#dump, env, signal);
    let bytes = 0;
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      const isMarked = bytes === 0 && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK);
      yield* this.#splitter.push((isMarked ? chunk.subarray(3) : chunk).toString('latin1'));
      bytes += chunk.length;
      onProgress?.(bytes);
    }
    yield* this.#splitter.end();
  }

  async #take(piece: Piece, following: AsyncGenerator<Piece, void>): Promise<void> {
    this.#options.signal?.throwIfAborted();
    switch (piece.kind) {
      case 'comment':
        if (FIRST_COMMENT.test(piece.text)) {
          this.#hasBegun = true;
          // Another may have been put behind a whole one.
          this.#isComplete = false;
        }
        this.#isComplete ||= LAST_COMMENT.test(piece.text);
        return;
      case 'command':
        this.#obey(this.#loader.judgeCommand(piece.text), piece.line);
        return;
      case 'statement':
        return piece.hasRows ? this.#copy(piece, following) : this.#statement(piece.text, piece.line);
      case 'end':
        if (!piece.isWhole || (this.#hasBegun && !this.#isComplete)) throw this.#cutOff(piece.line);
    }
  }

  async #statement(text: string, line: number): Promise<void> {
    const verdict = this.#loader.judge(text);
    if (verdict.action !== 'run') {
      this.#obey(verdict, line);
      return;
    }
    const result = await this.#sent(line, () => this.#loader.run(verdict.sql));
    if (result instanceof LeftOut) {
      this.#skip(result.what);
      return;
    }
    this.#statements++;
    this.#rows += result;
  }

  async #copy({ text, line }: { text: string; line: number }, following: AsyncGenerator<Piece, void>) {
    // Rows begin on the line behind the statement.
    const firstRow = line + text.split('\n').length;
    this.#rows += await this.#sent(firstRow, () => this.#loader.copy(text, this.#rowsOf(following)));
    this.#statements++;
  }

  async *#rowsOf(following: AsyncGenerator<Piece, void>): AsyncGenerator<Buffer> {
    for (;;) {
      const { value: piece } = await following.next();
      if (!piece || piece.kind === 'end of rows') return;
      if (piece.kind !== 'rows') throw this.#cutOff(piece.line);
      yield Buffer.from(piece.text, 'latin1');
    }
  }

  /** @param line of the first line that the server counts. */
  async #sent<T>(line: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw this.#refusal(line + error.linesBelow, error.message, error.remedy ?? GENERAL_REMEDY, error);
    }
  }

  #obey(verdict: NotRun, line: number): void {
    switch (verdict.action) {
      case 'leave out':
        this.#skip(verdict.what);
        return;
      case 'enter':
        if (this.#database !== undefined && this.#database !== verdict.database) {
          throw this.#refusal(
            line,
            `it holds several databases, ${this.#database} and ${verdict.database}`,
            'Dump the one database that onecard is to work on.',
          );
        }
        this.#database = verdict.database;
        this.#skip(ORIGINAL);
        return;
      case 'refuse':
        throw this.#refusal(line + (verdict.linesBelow ?? 0), verdict.why, verdict.remedy);
    }
  }

  #skip(what: string | undefined): void {
    if (what !== undefined) this.#skipped.set(what, (this.#skipped.get(what) ?? 0) + 1);
  }

  #cutOff(line: number, why = 'the dump is cut off here'): OnecardError {
    return this.#refusal(line, why, 'Copy the file again from where it was made, or make the dump again.');
  }

  #refusal(line: number, why: string, remedy: string, cause?: unknown): OnecardError {
    const { path, format } = this.#dump;
    const where =
      format === 'plain' ? `line ${line}` : `line ${line} of the script that pg_restore makes of it`;
    return new OnecardError(`The dump ${path} cannot be loaded: ${where}: ${why}.`, { remedy, cause });
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const GENERAL_REMEDY =
  'Mend that line, or load the dump into a server of the kind and version that it was made from.';
