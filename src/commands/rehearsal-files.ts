import { constants } from 'node:fs';
import { access, appendFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import type { Rehearsal } from '../model/rehearsal.js';
import { renderJunit } from '../output/junit.js';
import { renderRehearsalMarkdown } from '../output/rehearsal-markdown.js';
import type { Terminal } from './terminal.js';

interface FileFlags {
  readonly junit?: string;
  readonly summary?: string;
  /** false by `--no-redact` */
  readonly redact?: boolean;
}

/** What pipelines read afterwards; a file of an earlier rehearsal is written over. */
export class RehearsalFiles {
  readonly #folder: string;
  readonly #flags: FileFlags;
  /** Where GitHub shows what a job came to; it gathers what several steps say. */
  readonly #stepSummary: string | undefined;

  constructor({ folder, env }: Terminal, flags: FileFlags) {
    this.#folder = folder;
    this.#flags = flags;
    this.#stepSummary = env['GITHUB_STEP_SUMMARY'] || undefined;
  }

  /** Before anything is begun. @throws OnecardError where one could not be written in the end. */
  async check(): Promise<void> {
    const { junit, summary } = this.#flags;
    for (const path of [junit, summary]) if (path !== undefined) await this.#refuseUnwritable(path);
    const shown = this.#stepSummary;
    if (shown !== undefined)
      await appendFile(shown, '').catch((cause) => {
        throw unwritable(shown, cause, ExitCode.Usage);
      });
  }

  async #refuseUnwritable(path: string): Promise<void> {
    const file = resolve(this.#folder, path);
    const isFolder = await stat(file).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) throw unwritable(path, 'it is a folder', ExitCode.Usage);
    await access(dirname(file), constants.W_OK).catch((cause) => {
      throw unwritable(path, cause, ExitCode.Usage);
    });
  }

  /** @throws OnecardError with exit code 1 where the disk is full or gone. */
  async write(rehearsal: Rehearsal): Promise<void> {
    const { junit, summary } = this.#flags;
    if (junit !== undefined) await this.#replace(junit, renderJunit(rehearsal));
    if (summary !== undefined) await this.#replace(summary, renderRehearsalMarkdown(rehearsal));
    const shown = this.#stepSummary;
    if (shown !== undefined)
      await appendFile(shown, renderRehearsalMarkdown(rehearsal)).catch((cause) => {
        throw unwritable(shown, cause, ExitCode.Failed);
      });
  }

  /** Whole, or not at all; for its owner alone where it names people. */
  async #replace(path: string, text: string): Promise<void> {
    const file = resolve(this.#folder, path);
    const part = `${file}.${process.pid}.part`;
    try {
      await writeFile(part, text, { mode: this.#flags.redact === false ? 0o600 : 0o644 });
      await rename(part, file);
    } catch (cause) {
      await rm(part, { force: true });
      throw unwritable(path, cause, ExitCode.Failed);
    }
  }
}

function unwritable(path: string, cause: unknown, exitCode: ExitCode): OnecardError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : cause;
  return new OnecardError(`${path} cannot be written (${code}).`, {
    remedy: 'Name a file in a folder that is there, and that this user may write to.',
    exitCode,
    cause,
  });
}
