import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Seeded } from './seeded.js';

/** What the server answers from now on. */
export interface Replay {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Pieces that one answer is written in at most: each is a chunk of its own on the wire. */
const MOST_PIECES = 24;

/** An upstream that plays one answer: status and headers as recorded, the very bytes, split at random places. */
export class ReplayServer {
  /** Path and body of what was asked since the last `play`. */
  readonly asked: { readonly path: string; readonly body: any }[] = [];
  #replay: Replay | undefined;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly url: string,
  ) {}

  static async start(): Promise<ReplayServer> {
    let replaying: ReplayServer | undefined = undefined;
    const server = createServer((request, response) => void replaying!.#answer(request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    replaying = new ReplayServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return replaying;
  }

  play(replay: Replay): void {
    this.#replay = replay;
    this.asked.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.asked.push({ path: request.url!, body: JSON.parse(Buffer.concat(chunks).toString()) });
    const { name, status, headers, bytes } = this.#replay!;
    response.writeHead(status, { ...headers });
    // The seed is the name: Lazu and the judge get the very same pieces, in every run.
    for (const piece of new Seeded(name).split(bytes, MOST_PIECES)) {
      response.write(piece);
      await nextTurn();
    }
    response.end();
  }
}
