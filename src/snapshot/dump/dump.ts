import type { DumpFamily } from '../../database/script/open-loader.js';

/** A dump file, as its content tells. */
export interface Dump {
  readonly path: string;
  readonly family: DumpFamily;
  /** A script, or one of the archives that pg_restore makes a script of. */
  readonly format: 'plain' | 'custom' | 'directory' | 'tar';
  /** The whole file is packed by gzip. */
  readonly isCompressed: boolean;
}
