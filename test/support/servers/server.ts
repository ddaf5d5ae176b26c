import { randomBytes } from 'node:crypto';
import { mariadbClient } from './mariadb-client.js';
import { postgresClient } from './postgres-client.js';

export type Kind = 'postgres' | 'mysql';
export type Rows = Record<string, unknown>[];

/** What a test file is told about a server that another process started: plain data. */
export interface ServerFacts {
  readonly kind: Kind;
  /** Of the superuser and the maintenance database, password included. */
  readonly url: string;
}

export interface Server extends ServerFacts {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /**
   * `options` is SQL that follows the name: `LOCALE 'C' TEMPLATE template0`, `COLLATE utf8mb4_bin`.
   * Returns the superuser's URL of the new database.
   */
  createDatabase(name: string, options?: string): Promise<string>;
  /** Throws out whoever is connected. Not an error when there is no such database. */
  dropDatabase(name: string): Promise<void>;
  /** A login from anywhere that holds no privilege at all, with a random password. */
  createRole(name: string): Promise<Login>;
  /** Not an error when there is no such role. It must own nothing and hold nothing any more. */
  dropRole(name: string): Promise<void>;
  /**
   * Runs one or more statements on a connection of its own; returns the rows of the last one.
   * Both kinds give numbers where they are exact, else text; dates and times always as text.
   */
  query(sql: string, database?: string): Promise<Rows>;
  /** One connection that stays, for transactions, and where opening one takes too long. */
  connect(database?: string): Promise<Connection>;
}

export interface Connection {
  /** See `Server.query`. */
  query(sql: string): Promise<Rows>;
  close(): Promise<void>;
}

export interface Login {
  readonly name: string;
  readonly password: string;
}

/** A server of this process, which it may take down. */
export interface OwnServer extends Server {
  readonly pid: number;
  /** An orderly shutdown; the data are gone afterwards. */
  stop(): Promise<void>;
  /** SIGKILL to every process of the server: the data stay, for `restart`. */
  kill(): Promise<void>;
  /**
   * After a `kill`: same data, same port, a new process.
   * @param largestFile so many bytes of a file can be written: a disk that is full.
   */
  restart(largestFile?: number): Promise<void>;
  /** What the server has printed so far. */
  log(): Promise<string>;
}

/** What differs between the kinds: the connection, and SQL for the rest. */
export interface Client {
  readonly defaultPort: number;
  connect(url: string): Promise<Connection>;
  quoteName(name: string): string;
  dropDatabase(query: (sql: string) => Promise<Rows>, name: string): Promise<void>;
  createRole(login: Login): string;
  dropRole(name: string): string;
}

const clients: Record<Kind, Client> = { postgres: postgresClient, mysql: mariadbClient };

export function connectTo({ kind, url }: ServerFacts): Server {
  const { hostname, port, username, password } = new URL(url);
  const client = clients[kind];
  const connect = (database?: string) =>
    client.connect(database === undefined ? url : withDatabase(url, database));
  const query = async (sql: string, database?: string) => {
    const connection = await connect(database);
    try {
      return await connection.query(sql);
    } finally {
      await connection.close();
    }
  };

  return {
    kind,
    url,
    host: hostname,
    port: Number(port || client.defaultPort),
    superuser: decodeURIComponent(username),
    password: decodeURIComponent(password),
    query,
    connect,
    async createDatabase(name, options = '') {
      await query(`CREATE DATABASE ${client.quoteName(name)} ${options}`);
      return withDatabase(url, name);
    },
    dropDatabase: (name) => client.dropDatabase(query, name),
    async createRole(name) {
      const login = { name, password: randomPassword() };
      await query(client.createRole(login));
      return login;
    },
    async dropRole(name) {
      await query(client.dropRole(name));
    },
  };
}

/** Letters and digits only, so that it needs no escape in a URL, an option file or SQL. */
export function randomPassword(): string {
  return `pw${randomBytes(16).toString('hex')}`;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}
