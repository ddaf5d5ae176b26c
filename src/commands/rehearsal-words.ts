import { userInfo } from 'node:os';
import { jsonSchema } from '../config/json-schema.js';
import type { Target } from '../database/target.js';
import { configurationFile, type SharedFlags, type Terminal } from './terminal.js';

/**
 * Words of messages that say nothing about people, apart from names of tables and columns: the configuration file and
 * its options, and who connects to which database.
 */
export function harmlessWords(terminal: Terminal, flags: SharedFlags, target: Target): string[] {
  const file = configurationFile(terminal, flags);
  return [...(file === undefined ? [] : [file]), ...optionsIn(jsonSchema()), ...connecting(terminal, target)];
}

/** Whatever is the name of a property, at any depth. */
function optionsIn(schema: object): string[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [];
    const own = key === 'properties' ? Object.keys(value) : [];
    return [...own, ...optionsIn(value)];
  });
}

/** Accounts of MariaDB come with a host. */
const HOSTS = ['localhost', '127.0.0.1', '::1', '%'];

function connecting({ env }: Terminal, target: Target): string[] {
  const asSet = [env['PGUSER'], env['PGDATABASE'], userInfo().username].filter((word) => word !== undefined);
  if (target.kind === 'embedded' || target.url === undefined) return [...HOSTS, ...asSet];
  const { username, pathname, hostname } = new URL(target.url);
  return [...HOSTS, ...asSet, hostname, ...[username, pathname.slice(1)].map(decodeURIComponent)];
}
