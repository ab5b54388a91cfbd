import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A wire to a database that can be cut, frozen, mended and led elsewhere: how a test takes PostgreSQL or Redis away from one host only. */
export class DatabaseLink {
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #server: Server | undefined;
  #port = 0;
  #frozen = false;

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async open(target: string): Promise<DatabaseLink> {
    const link = new DatabaseLink(target);
    await link.mend();
    return link;
  }

  /** The same database, through this wire. */
  get url(): string {
    const url = new URL(this.#target.href);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.href;
  }

  /** Open connections break, new ones are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  /** New connections go there; open ones stay where they are, as when a name comes to mean another server. */
  lead(target: string): void {
    this.#target = new URL(target);
  }

  /** Nothing passes any more, and nobody is told: a server that was stopped, or a network that swallows packets. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  async mend(): Promise<void> {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
    if (this.#server) return;
    this.#server = createServer(inner => {
      const outer = connect(Number(this.#target.port || 5432), this.#target.hostname);
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        if (this.#frozen) from.pause();
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as { port: number }).port;
  }
}
