import { connect, type Socket } from 'node:net';

/** What came back on a connection that a test wrote to byte by byte. */
export interface RawAnswer {
  /** Everything, as Latin-1 text. */
  readonly text: string;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** HTTP by hand: what no client library would send. */
export class RawHttp {
  #text = '';
  #closed = false;
  readonly socket: Socket;

  constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('data', chunk => (this.#text += chunk.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.#closed = true));
  }

  /** Sends, and waits until so many responses have begun and nothing more comes, or the connection is closed. */
  static async ask(url: string, bytes: string, waitMs = 5_000): Promise<RawAnswer> {
    const http = new RawHttp(url);
    http.write(bytes);
    const answer = await http.answer(waitMs);
    http.socket.destroy();
    return answer;
  }

  write(bytes: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Resolves when the connection is closed, a whole answer is there, or the time is over. */
  async answer(waitMs: number): Promise<RawAnswer> {
    for (const deadline = Date.now() + waitMs; Date.now() < deadline; await new Promise(next => setTimeout(next, 10))) {
      if (this.#closed) break;
      const [first] = responsesIn(this.#text);
      if (first && first.body.length >= Number(first.headers['content-length'] ?? Infinity)) break;
    }
    return { text: this.#text, closed: this.#closed };
  }

  /** @returns how long it took, or undefined when it is still open after that time */
  async closedWithin(waitMs: number): Promise<number | undefined> {
    const since = performance.now();
    while (performance.now() - since < waitMs) {
      if (this.#closed) return performance.now() - since;
      await new Promise(next => setTimeout(next, 10));
    }
    return undefined;
  }
}

/** Responses with a content-length, one behind the other. */
export function responsesIn(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  for (let rest = text; rest.startsWith('HTTP/1.1 ');) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const length = Number(headers['content-length'] ?? rest.length);
    responses.push({ status: Number(status.slice(9, 12)), headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return responses;
}
