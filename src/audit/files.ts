import { accessSync, constants, lstatSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { PrivateFile } from '../private-file.js';

/** Where reports are kept, below the working folder. */
export const RUNS_FOLDER = 'onecard-runs';

/**
 * Finds out before the first write whether reports can be kept.
 * @throws OnecardError where the folder cannot be made or written to.
 */
export function checkRunsFolder(folder: string): void {
  const runs = join(folder, RUNS_FOLDER);
  refuseLink(runs, RUNS_FOLDER, 'nothing was changed');
  try {
    const made = mkdirSync(runs, { recursive: true, mode: 0o700 });
    accessSync(runs, constants.W_OK);
    // Root may write anywhere, but not on a read-only file system.
    const probe = join(runs, `.probe-${process.pid}`);
    writeFileSync(probe, '', { mode: 0o600, flag: 'wx' });
    rmSync(probe);
    // The run may yet be declined or refused: it makes the folder when it has something to keep.
    if (made !== undefined) rmdirSync(runs);
  } catch (cause) {
    throw new OnecardError(
      `The folder ${RUNS_FOLDER} for audit reports cannot be written to: ${reasonOf(cause)}.`,
      {
        remedy: 'Run onecard in a folder where you may write; nothing was changed.',
        cause,
      },
    );
  }
}

/** Neither the file nor any folder on its way. */
function refuseLinks(workingFolder: string, place: string): void {
  const parts = place.split(sep);
  for (const length of parts.keys()) {
    const part = join(...parts.slice(0, length + 1));
    refuseLink(join(workingFolder, part), part, WHOLE);
  }
}

/** Whoever may write into the working folder could lead reports, or their names, elsewhere. */
function refuseLink(path: string, name: string, state: string): void {
  if (!isLink(path)) return;
  throw new OnecardError(`${name} is a symbolic link, and reports are not written through links.`, {
    remedy: `Remove it, or run onecard in the folder that it leads to; ${state}.`,
    exitCode: ExitCode.Usage,
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // It is not there, or cannot be: making it will tell.
    return false;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file of that name is in its place',
  ENOTDIR: 'a file of that name is in its place',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'there is no space left',
  EDQUOT: 'the quota of this user is used up',
  EFBIG: 'the file would be larger than is allowed',
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return REASONS[code] ?? code;
}

/**
 * A file of a report: it has its name only once it is whole, and replaces what was left there when its report was
 * cut short. Until then it is `….part`.
 */
export class ReportFile {
  readonly #workingFolder: string;
  /** Below the working folder. */
  readonly #folder: string;
  readonly #name: string;
  readonly #file: PrivateFile;

  private constructor(workingFolder: string, folder: string, name: string, file: PrivateFile) {
    this.#workingFolder = workingFolder;
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
  }

  /**
   * @param folder of the report, below the folder of all reports. @param name of the file.
   * @throws OnecardError that tells that the data are whole and how the report is finished; so do the other methods.
   */
  static async create(workingFolder: string, folder: string, name: string): Promise<ReportFile> {
    refuseLinks(workingFolder, join(RUNS_FOLDER, folder, name));
    const shown = join(RUNS_FOLDER, folder);
    const path = join(workingFolder, shown, name);
    return onDisk(shown, async () => {
      mkdirSync(join(workingFolder, shown), { recursive: true, mode: 0o700 });
      await rm(`${path}.part`, { force: true });
      return new ReportFile(workingFolder, shown, name, await PrivateFile.create(`${path}.part`));
    });
  }

  write(text: string): Promise<void> {
    return onDisk(this.#folder, () => this.#file.write(text));
  }

  /** What was written is in the file then, should the process end. */
  flush(): Promise<void> {
    return onDisk(this.#folder, () => this.#file.flush());
  }

  async finish(): Promise<void> {
    const place = join(this.#folder, this.#name);
    // Somebody may have put one there meanwhile.
    refuseLinks(this.#workingFolder, place);
    await onDisk(this.#folder, async () => {
      await this.#file.finish();
      await rename(this.#file.path, join(this.#workingFolder, place));
    });
  }

  /** Leaves the part that was written. */
  leave(): Promise<void> {
    return this.#file.close();
  }

  /** Leaves nothing. */
  discard(): Promise<void> {
    return this.#file.discard();
  }
}

/** Writes a file of a report, whole or not at all. @throws OnecardError like `ReportFile`. */
export async function writeReportFile(
  workingFolder: string,
  folder: string,
  name: string,
  texts: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const file = await ReportFile.create(workingFolder, folder, name);
  try {
    for await (const text of texts) await file.write(text);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

const WHOLE = 'data and journal are whole, and the same command then finishes the report';

/** What the database says while it is read is no failure of the file. */
async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof OnecardError ? error.cause : error;
    throw new OnecardError(`The report in ${folder} cannot be written: ${reasonOf(cause)}.`, {
      remedy: `Mend that; ${WHOLE}.`,
      exitCode: ExitCode.Failed,
      cause,
    });
  }
}
