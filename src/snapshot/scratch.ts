import type { ScratchDatabase } from '../database/scratch-server.js';

/** A database of our own to work on, which goes when the work is done. */
export type Scratch = ScratchDatabase;
