import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** What Steady says of one request: which part of the body, or which header, is not as the specification has it. */
export interface Verdict {
  readonly status: number;
  readonly body: any;
  /** `body.temperature: Numeric range violation` */
  readonly complaints: readonly string[];
}

/** Steady: a server made of a vendor's own OpenAPI file, that nobody here wrote. https://github.com/dgellow/steady */
export class Steady {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(specification: string): Promise<Steady> {
    const port = await freePort();
    const child = spawn(
      'node_modules/.bin/steady',
      ['--port', String(port), '--reject-on-sdk-error', '--log=false', '--no-color', specification],
      // With `CI` set it speaks another language, without the line that says it is ready.
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
    );
    const said: string[] = [];
    child.stderr.on('data', chunk => said.push(String(chunk)));
    for await (const line of createInterface(child.stdout)) {
      said.push(line);
      if (line.startsWith('Ready')) return new Steady(child, `http://localhost:${port}`);
    }
    throw new Error(`Steady did not start: ${said.join('\n')}`);
  }

  async judge(path: string, body: unknown): Promise<Verdict> {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer any' };
    const response = await fetch(this.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const complaints: string[] = [];
    for (let at = 1; at <= Number(response.headers.get('x-steady-error-count')); at++) {
      const [where, what] = ['path', 'message'].map(part => response.headers.get(`x-steady-error-${at}-${part}`));
      complaints.push(`${where}: ${what}`);
    }
    return { status: response.status, body: await response.json(), complaints };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
