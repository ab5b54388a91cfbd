import { NO_TIERS } from './tiers.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { packageRoot } from '../../src/database/package-root.js';

const MAIN = join(packageRoot, 'dist/main.js');
const START_MS = 60_000;

/** The built Lazu as a process of its own, leader of its own group as if a shell had started it. */
export class LazuProcess {
  /** Empty unless this was the first start on its database. */
  apiKey = '';
  adminKey = '';
  url = '';
  stdout = '';
  stderr = '';
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', chunk => (this.stdout += String(chunk)));
    child.stderr?.on('data', chunk => (this.stderr += String(chunk)));
    this.ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  }

  /**
   * Resolves when it listens. With exactly this environment, and no more: nobody's own keys are ever spent.
   * @param options.node further options for Node itself
   * @throws Error with what it said, when it ends instead
   */
  static async start(
    environment: Record<string, string>,
    options: { node?: readonly string[] } = {},
  ): Promise<LazuProcess> {
    if (!existsSync(MAIN)) throw new Error('There is no dist/main.js: `npm run build` first, as `npm test` does.');
    const child = spawn(process.execPath, ['--enable-source-maps', ...(options.node ?? []), MAIN], {
      cwd: packageRoot,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', SANDBOX: 'off', TIERS: NO_TIERS, ...environment },
    });
    const lazu = new LazuProcess(child);
    await lazu.#listens();
    return lazu;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** To it alone. Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }

  /** To the whole process group, as a terminal does on Ctrl-C. */
  killGroup(signal: NodeJS.Signals): Promise<number | string> {
    process.kill(-this.pid, signal);
    return this.ended;
  }

  /** An admin call; throws unless it is a 2xx. */
  async admin(method: string, path: string, body?: object): Promise<any> {
    const headers = { authorization: `Bearer ${this.adminKey}`, 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  post(path: string, body: object, options: { key?: string; signal?: AbortSignal } = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${options.key ?? this.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: options.signal,
    });
  }

  /** The same on a connection of its own: the next one goes to another worker. */
  async fresh(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options: { key?: string; body?: object } = {},
  ): Promise<{ readonly status: number; readonly requestId: string; readonly json: any; readonly text: string }> {
    const response = await request(this.url + path, {
      method,
      reset: true,
      dispatcher: new Agent({ connections: 1 }),
      headers: { authorization: `Bearer ${options.key ?? this.apiKey}`, 'content-type': 'application/json' },
      body: options.body && JSON.stringify(options.body),
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      requestId: String(response.headers['x-lazu-request-id']),
      json: isJson ? JSON.parse(text) : undefined,
      text,
    };
  }

  /** Pids of its workers. */
  workers(): Promise<number[]> {
    return this.#children(command => command.includes('dist/main.js'));
  }

  /** Pids of the PostgreSQL servers that it started. */
  servers(): Promise<number[]> {
    return this.#children(command => /\bpostgres\b/.test(command));
  }

  /** Linux tells parents by field 4 of /proc/<pid>/stat, counted from behind the command, which may hold spaces. */
  async #children(are: (command: string) => boolean): Promise<number[]> {
    const pids: number[] = [];
    for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== this.pid) continue;
      if (are(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))) pids.push(Number(pid));
    }
    return pids;
  }

  /** Resident memory in MB. */
  async rssMb(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  async #listens(): Promise<void> {
    const deadline = Date.now() + START_MS;
    while (!/listens on .*\n/.test(this.stdout)) {
      if (!this.isRunning || Date.now() > deadline) {
        await this.kill('SIGKILL');
        throw new Error(`Lazu did not start: ${this.stderr}${this.stdout}`);
      }
      await sleep(20);
    }
    const said = (pattern: RegExp) => pattern.exec(this.stdout)?.[1] ?? '';
    this.url = said(/listens on (\S+)/);
    this.apiKey = said(/caller key +(\S+)/);
    this.adminKey = said(/admin key +(sk-\S+)/);
  }
}
