import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 10_000;

/**
 * Whether redis-server is installed; names what is skipped where it is not.
 * @throws Error instead, with `LAZU_TEST_REQUIRE=all`
 */
export function hasRedis(what: string): boolean {
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).error === undefined) return true;
  const missing = `${what}: there is no redis-server on this machine; apt-get install redis-server`;
  if (process.env['LAZU_TEST_REQUIRE'] === 'all') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}

/** `describe`, or a skipped one where there is no redis-server. */
export const describeWithRedis = (name: string, tests: () => void): void => {
  if (hasRedis(name)) describe(name, tests);
  else describe.skip(name, () => it('has no Redis to talk to', () => undefined));
};

/** A Redis of its own on a free port of the loopback address, which keeps nothing on disk. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly password: string | undefined,
  ) {}

  static async start(options: { password?: string } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'lazu-redis-')), options.password);
    await server.restart();
    return server;
  }

  get url(): string {
    const login = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${login}127.0.0.1:${this.port}`;
  }

  /** Up again on the same port, empty. */
  async restart(): Promise<void> {
    await this.kill();
    const login = this.password === undefined ? [] : ['--requirepass', this.password];
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.directory];
    const child = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no', ...login], { stdio: 'ignore' });
    this.#child = child;
    for (const deadline = Date.now() + START_MS; ; await sleep(20)) {
      if (await isOpen(this.port)) return;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error('redis-server did not start');
    }
  }

  /** Gone at once, as with its machine. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Connections stay open and nothing answers, until `resume`. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** One command by a connection of its own. @returns the raw reply */
  async command(...words: string[]): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    let reply = '';
    socket.setEncoding('utf8').on('data', text => (reply += String(text)));
    const login = this.password === undefined ? '' : encode(['AUTH', this.password]);
    socket.end(`${login}${encode(words)}${encode(['QUIT'])}`);
    await once(socket, 'close');
    return reply;
  }

  /** Everything is forgotten; connections stay open. */
  async flush(): Promise<void> {
    await this.command('FLUSHALL');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
