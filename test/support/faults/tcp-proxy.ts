import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** How much of what a client sends is kept, to find a text in it later or across two reads. */
const REMEMBERED = 1 << 16;

/** What a client sends, and the moment of the cut. */
export interface Cut {
  /** The text in what the client sends; without it, any packet will do. */
  readonly text?: string;
  /** The first such packet from now on, or the so-manyth. */
  readonly nth?: number;
  /**
   * Before the packet is forwarded; after half of it; or when the server has answered it, and before that answer
   * gets back: what the packet asked for is done, and the client never learns.
   */
  readonly when: 'before' | 'during' | 'unanswered';
  /** All connections, or the one that sent it; all by default. */
  readonly which?: 'all' | 'sender';
}

/** Stands in front of a server on the loopback, and can fail as networks do. */
export interface TcpProxy {
  /** The server's URL, led through here. */
  url(ofServer: string): string;
  /** Cuts all connections at once, or those that have sent this text among their first 64 KiB. @returns how many. */
  cutNow(sent?: string): number;
  /** Cuts when a client sends what is described: once. Resolves then; replaces what was asked for before. */
  cutWhen(cut: Cut): Promise<void>;
  /** Forgets a cut that has not come. */
  disarm(): void;
  /** For so long, nobody listens here; connections that are there stay. */
  refuse(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client sent first. */
  first: string;
  /** The end of what it sent, in which a text may have begun. */
  tail: string;
  /** The server's next bytes do not get through: they are the sign that it has done its work. */
  isAnswerLost: boolean;
}

interface Armed extends Cut {
  left: number;
  readonly done: () => void;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let armed: Armed | undefined;
  let reopening: NodeJS.Timeout | undefined;

  const listener = createServer((client) => {
    const link: Link = {
      client,
      server: createConnection(target),
      first: '',
      tail: '',
      isAnswerLost: false,
    };
    links.add(link);
    for (const [one, other] of [
      [client, link.server],
      [link.server, client],
    ] as const) {
      one.setNoDelay(true);
      one.on('error', () => {});
      one.on('close', () => {
        links.delete(link);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => fromClient(link, chunk));
    link.server.on('data', (chunk: Buffer) => {
      if (link.isAnswerLost) fire(link);
      else pass(chunk, link.server, client);
    });
  });

  function fromClient(link: Link, chunk: Buffer): void {
    const { client, server } = link;
    if (link.isAnswerLost) return;
    const text = chunk.toString('latin1');
    if (link.first.length < REMEMBERED) link.first += text;
    const cut = armed !== undefined && isMeant(armed, link, text) ? armed.when : undefined;
    if (cut === 'before') fire(link);
    // Half a packet has to leave before the connection goes.
    else if (cut === 'during') server.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => fire(link));
    else {
      link.isAnswerLost = cut === 'unanswered';
      pass(chunk, client, server);
    }
  }

  /** A packet counts once, however often it holds the text; the text may have begun in the packet before. */
  function isMeant(cut: Armed, link: Link, text: string): boolean {
    if (cut.text !== undefined) {
      const found = `${link.tail}${text}`.includes(cut.text);
      link.tail = found || cut.text.length < 2 ? '' : `${link.tail}${text}`.slice(1 - cut.text.length);
      if (!found) return false;
    }
    cut.left--;
    return cut.left === 0;
  }

  function fire(link: Link): void {
    const cut = armed;
    armed = undefined;
    for (const each of cut?.which === 'sender' ? [link] : links) end(each);
    cut?.done();
  }

  /** As when a machine in between drops the connection: a reset, with nothing said. */
  function end({ client, server }: Link): void {
    client.resetAndDestroy();
    server.destroy();
  }

  await listen(listener, 0);
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP proxy has a port');
  const { port } = address;

  return {
    url(ofServer) {
      const led = new URL(ofServer);
      led.hostname = '127.0.0.1';
      led.port = String(port);
      return led.href;
    },
    cutNow(sent) {
      const meant = [...links].filter(({ first }) => sent === undefined || first.includes(sent));
      meant.forEach(end);
      return meant.length;
    },
    cutWhen: (cut) =>
      new Promise((done) => {
        armed = { ...cut, left: cut.nth ?? 1, done };
      }),
    disarm() {
      armed = undefined;
    },
    async refuse(milliseconds) {
      listener.close();
      await new Promise((resolve) => {
        reopening = setTimeout(resolve, milliseconds);
      });
      await listen(listener, port);
    },
    async close() {
      clearTimeout(reopening);
      for (const each of links) end(each);
      if (listener.listening) await new Promise((closed) => listener.close(closed));
    },
  };
}

async function listen(listener: Server, port: number): Promise<void> {
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
}

/** Forwards, and waits where the other side reads more slowly. */
function pass(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.write(chunk)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
