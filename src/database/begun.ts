import { OnecardError } from '../errors.js';
import { ExitCode } from '../model/exit-code.js';
import { serverWords } from './failure-kinds.js';
import type { Scratch } from './scratch.js';

/** A database that was made, and should be gone again, is still there; the remedy says how to drop it. */
export class NotDropped extends OnecardError {}

/**
 * What removes a database: done once, however often it is asked for; after a failure, tried anew.
 * @param statement what an operator would say to the server.
 */
export function dropper(name: string, statement: string, drop: () => Promise<void>): () => Promise<void> {
  let dropped: Promise<void> | undefined;
  return () => {
    dropped ??= drop().catch((cause) => {
      dropped = undefined;
      throw new NotDropped(`The scratch database ${name} cannot be dropped: ${serverWords(cause)}`, {
        remedy: `Drop it: ${statement}`,
        exitCode: ExitCode.Failed,
        cause,
      });
    });
    return dropped;
  };
}

/** A scratch database on a server. */
export interface Begun extends Scratch {
  /** Keeps a session in it, by which other rehearsals see that this one is at work. */
  occupy(): Promise<void>;
}

/**
 * @param statement what an operator would say to the server to drop it.
 * @param logIn into the database itself.
 */
export function begun(
  made: Pick<Scratch, 'target' | 'name' | 'origin'>,
  { statement, logIn, drop }: { statement: string; logIn(): Promise<Occupant>; drop(): Promise<void> },
): Begun {
  let occupant: Occupant | undefined;
  // It has ended by itself where the server cut it.
  const leave = async () => occupant?.close().catch(() => undefined);
  return {
    ...made,
    occupy: async () => {
      occupant = await logIn();
    },
    drop: dropper(made.name, statement, async () => {
      await leave();
      await drop();
    }),
    keep: leave,
  };
}

interface Occupant {
  close(): Promise<void>;
}

/** The chance of that is one in millions. */
export const takenName = (name: string) =>
  new OnecardError(`There is a database ${name} already.`, {
    remedy: 'Run the same command again: it takes another name.',
    exitCode: ExitCode.Failed,
  });

/** Does the work on a database just begun; where that fails or is aborted, the database goes again. */
export async function orDropped<T>(
  drop: () => Promise<void>,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    await drop().catch((left) => {
      throw new NotDropped(`${sayOf(error)} ${sayOf(left)}`, {
        ...(left instanceof OnecardError && left.remedy !== undefined && { remedy: left.remedy }),
        exitCode: ExitCode.Failed,
        cause: error,
      });
    });
    signal?.throwIfAborted();
    throw error;
  }
}

const sayOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Does the work; when the signal comes, has the statement that is under way cancelled. */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  cancel: () => Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  // Where the server cannot be told, the statement runs to its end.
  const onAbort = () => void cancel().catch(() => undefined);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
