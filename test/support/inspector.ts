import { WebSocket } from 'undici';

/** What Node's own inspector says of another process: https://chromedevtools.github.io/devtools-protocol/ */
export class Inspector {
  #calls = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** @param url the `ws://…` that a process started with `--inspect` names on its standard error */
  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return new Inspector(socket);
  }

  /** Bytes in use after a full collection. */
  async heap(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    await this.#call('HeapProfiler.collectGarbage');
    return (await this.#call<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize;
  }

  /** @returns what an expression is in that process, as JSON says it */
  async evaluate<Value>(expression: string): Promise<Value> {
    const said = await this.#call<{ result: { value: Value } }>('Runtime.evaluate', {
      expression,
      returnByValue: true,
    });
    return said.result.value;
  }

  close(): void {
    this.socket.close();
  }

  #call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#calls;
    return new Promise(resolve => {
      const listen = ({ data }: { data: unknown }): void => {
        const answer = JSON.parse(String(data)) as { id?: number; result: Result };
        if (answer.id !== id) return;
        this.socket.removeEventListener('message', listen);
        resolve(answer.result);
      };
      this.socket.addEventListener('message', listen);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
