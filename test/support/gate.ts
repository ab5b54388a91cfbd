import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP relay to a server that can be shut and opened again: what a stopped server or a cut network looks like. */
export class Gate {
  readonly #sockets = new Set<Socket>();
  #shut = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(host: string, port: number): Promise<Gate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new Gate(server, (server.address() as { port: number }).port);
    server.on('connection', near => gate.#relay(near, host, port));
    return gate;
  }

  /** Cuts every connection and refuses new ones. */
  shut(): void {
    this.#shut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  open(): void {
    this.#shut = false;
  }

  close(): void {
    this.shut();
    this.server.close();
  }

  #relay(near: Socket, host: string, port: number): void {
    if (this.#shut) {
      near.destroy();
      return;
    }
    const far = connect(port, host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
