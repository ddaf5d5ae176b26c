import { createRequire } from 'node:module';

// By the package's own name for it, since the sources and the built program lie at different depths.
const manifest: unknown = createRequire(import.meta.url)('#package');

/** The version of this package. */
export const VERSION =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
