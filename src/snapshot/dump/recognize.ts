import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { OnecardError } from '../../errors.js';
import type { Dump } from './dump.js';
import { tarIsWhole } from './tar.js';

/** As much of a file as tells what it is. */
const HEAD = 64 * 1024;

/**
 * Tells what a dump file is, by its content.
 *
 * @throws OnecardError where it is none that can be loaded.
 */
export async function recognizeDump(path: string): Promise<Dump> {
  const packed = await headOf(path);
  if (packed === 'directory') return directory(path);
  const isCompressed = startsWith(packed, [0x1f, 0x8b]);
  const head = isCompressed ? unpacked(path, packed) : packed;
  if (head.length === 0) {
    throw noDump(path, 'it is empty', 'Make the dump again, and look at what pg_dump or mariadb-dump says.');
  }
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') {
    return { path, family: 'postgres', format: 'custom', isCompressed };
  }
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return tar(path, head, isCompressed);
  return { path, family: familyOf(path, head), format: 'plain', isCompressed };
}

async function headOf(path: string): Promise<Buffer | 'directory'> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'directory';
    // It is read more than once; of a pipe, that would wait for ever.
    if (!found.isFile()) throw noDump(path, 'it is no regular file', 'Write the dump to a file first.');
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof OnecardError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new OnecardError(`The dump ${path} cannot be read${code}.`, {
      remedy: 'Check its path, and that this user may read it.',
      cause,
    });
  }
}

async function directory(path: string): Promise<Dump> {
  const contents = await readFile(join(path, 'toc.dat')).catch(() => Buffer.alloc(0));
  if (contents.subarray(0, 5).toString('latin1') === 'PGDMP') {
    return { path, family: 'postgres', format: 'directory', isCompressed: false };
  }
  throw noDump(
    path,
    'it is a folder without the toc.dat that pg_dump --format=directory writes',
    'Name the dump file, or the folder that pg_dump has made.',
  );
}

function unpacked(path: string, packed: Buffer): Buffer {
  try {
    // Only the beginning is here.
    return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD);
  } catch (cause) {
    throw new OnecardError(`The dump ${path} cannot be unpacked: it is damaged.`, {
      remedy: 'Copy it again from where it was made; gzip -t checks it.',
      cause,
    });
  }
}

async function tar(path: string, head: Buffer, isCompressed: boolean): Promise<Dump> {
  const first = head.subarray(0, 100).toString('latin1').replace(/\0.*/s, '');
  if (first !== 'toc.dat') {
    throw noDump(
      path,
      `it is a tar file that begins with ${first}`,
      'Unpack it, and name the dump in it: a file, or a folder with toc.dat.',
    );
  }
  // What is packed shows that as it is read.
  if (!isCompressed) await refuseCutOff(path);
  return { path, family: 'postgres', format: 'tar', isCompressed };
}

async function refuseCutOff(path: string): Promise<void> {
  const file = await open(path);
  try {
    if (await tarIsWhole(file)) return;
  } finally {
    await file.close();
  }
  throw new OnecardError(`The dump ${path} cannot be loaded: the tar archive is cut off.`, {
    remedy: 'Copy the file again from where it was made, or make the dump again.',
  });
}

function familyOf(path: string, head: Buffer): Dump['family'] {
  if (startsWith(head, [0xff, 0xfe]) || startsWith(head, [0xfe, 0xff])) {
    throw noDump(
      path,
      'it is in UTF-16, as the > of PowerShell writes it',
      'Make it with pg_dump --file or mariadb-dump --result-file instead of >.',
    );
  }
  const packer = PACKERS.find(({ magic }) => startsWith(head, magic));
  if (packer) throw noDump(path, `it is packed by ${packer.name}`, 'Unpack it first, or pack it by gzip.');
  if (head.includes(0)) {
    throw noDump(path, 'it is a binary file of another kind', 'Name a file made by pg_dump or mariadb-dump.');
  }
  return familyOfScript(path, head.toString('latin1'));
}

const PACKERS = [
  { name: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18] },
];

/** What dumps of a family hold and others do not; the sign that comes first tells. */
const SIGNS: Readonly<Record<Dump['family'], RegExp>> = {
  postgres:
    /^-- PostgreSQL database dump|^\\(?:restrict|connect) |^COPY .* FROM stdin;|^SET (?:client_encoding|standard_conforming_strings|search_path) ?=|\bpg_catalog\.|^(?:CREATE TABLE|INSERT INTO) (?:"|public\.)/m,
  mysql:
    /^-- (?:MariaDB|MySQL) dump|\/\*M?!\d{5,6}|^DELIMITER |\) ?ENGINE ?=|^(?:CREATE TABLE|INSERT INTO|DROP TABLE|USE|LOCK TABLES) (?:IF (?:NOT )?EXISTS )?`/m,
};

function familyOfScript(path: string, head: string): Dump['family'] {
  if (/^-- PostgreSQL database cluster dump/m.test(head)) {
    throw noDump(
      path,
      'pg_dumpall wrote it, with all databases of a server, and with its roles',
      'Dump the one database: pg_dump --format=custom --file=FILE DATABASE.',
    );
  }
  const postgres = head.search(SIGNS.postgres);
  const mysql = head.search(SIGNS.mysql);
  if (postgres >= 0 && (mysql < 0 || postgres < mysql)) return 'postgres';
  if (mysql >= 0) return 'mysql';
  throw noDump(
    path,
    'it does not look like the output of pg_dump, mariadb-dump or mysqldump',
    'Name a file made by one of these.',
  );
}

const startsWith = (head: Buffer, magic: readonly number[]) => magic.every((byte, at) => head[at] === byte);

const noDump = (path: string, why: string, remedy: string) =>
  new OnecardError(`${path} is no dump that can be loaded: ${why}.`, { remedy });
