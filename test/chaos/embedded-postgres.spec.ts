import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jest } from '@jest/globals';
import pg from 'pg';
import { findNative } from '../../src/database/embedded/binaries.js';
import { isAlive, waitUntil } from '../../src/database/embedded/processes.js';
import { packageRoot } from '../../src/database/package-root.js';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

interface Up {
  pid: number;
  serverPid: number;
  wasStarted: boolean;
  url: string;
  error?: string;
  late?: number;
}

interface Lazu {
  child: ChildProcess;
  /** Its next line. */
  says(): Promise<Up>;
  /** Its notices, whole once it has ended. */
  stderr(): string;
  ended: Promise<number | null>;
}

jest.setTimeout(60_000);

describe('the embedded PostgreSQL', () => {
  let folder: string;
  const servers = new Set<number>();
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazu-chaos-')); // mode 0700
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const pid of servers) if (isAlive(pid)) process.kill(pid, 'SIGQUIT');
    for (const pid of servers) await waitUntil(() => !isAlive(pid), 5_000);
    servers.clear();
    children.clear();
    await rm(folder, { recursive: true, force: true });
  });

  /** Another Lazu on a data folder, a leader of its own process group as if a shell had started it. */
  function start(
    options: { dataDir?: string; native?: string; user?: User | undefined; path?: string | undefined } = {},
  ): Lazu {
    const fixture = join(packageRoot, 'test/chaos/fixtures/open-database.ts');
    const loader = `file://${join(packageRoot, 'test/support/typescript.js')}`;
    const args = ['--import', loader, fixture, options.dataDir ?? join(folder, 'data')];
    if (options.native !== undefined) args.push(options.native);
    const [command = '', ...rest] = [...(options.user?.prefix ?? []), process.execPath, ...args];
    const child = spawn(command, rest, {
      detached: true,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: options.path ?? process.env['PATH'], TMPDIR: tmpdir() },
      uid: options.user?.uid,
      gid: options.user?.uid,
    });
    children.add(child);
    let errors = '';
    child.stderr.on('data', chunk => (errors += String(chunk)));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return {
      child,
      stderr: () => errors,
      ended: once(child, 'close').then(([code]) => code as number | null),
      says: async () => {
        const next = await lines.next();
        if (next.done) throw new Error(`it ended without a word: ${errors}`);
        const said = JSON.parse(next.value) as Up;
        if (said.serverPid !== undefined) servers.add(said.serverPid);
        return said;
      },
    };
  }

  /** Stops it in good order; everything is over then. */
  async function stop(lazu: Lazu): Promise<void> {
    lazu.child.kill('SIGTERM');
    await lazu.ended;
  }

  it('starts, answers, and ends with its Lazu', async () => {
    const lazu = start();
    const up = await lazu.says();
    expect(up).toMatchObject({ wasStarted: true });
    expect(await ask(up.url, 'SHOW server_version')).toMatch(/^18/);
    await stop(lazu);
    expect(isAlive(up.serverPid)).toBe(false);
    expect(await readdir(join(folder, 'data'))).not.toContain('lazu.lock');
  });

  it('refuses to work without its password, or with a wrong one', async () => {
    const lazu = start();
    const { url } = await lazu.says();
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(folder, 'data', 'postgres.password'))).mode & 0o077).toBe(0);
    await stop(lazu);
  });

  it('kill -9 of Lazu alone: the server lives on, the next start adopts it with its data', async () => {
    const first = start();
    const up = await first.says();
    await ask(up.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(isAlive(up.serverPid)).toBe(true);

    const second = start();
    const again = await second.says();
    expect(again).toMatchObject({ serverPid: up.serverPid, wasStarted: false, url: up.url });
    expect(await ask(again.url, 'SELECT answer FROM kept')).toBe(42);
    await stop(second);
    expect(isAlive(up.serverPid)).toBe(false); // An adopted server is stopped like one of its own.
  });

  it('kill -9 of Lazu and server: the next start removes the stale pid file and recovers', async () => {
    const first = start();
    const up = await first.says();
    await ask(up.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    first.child.kill('SIGKILL');
    process.kill(up.serverPid, 'SIGKILL');
    await first.ended;
    await waitUntil(() => !isAlive(up.serverPid), 5_000);
    // The worst case: the number in the file is by now somebody else's, here this test's.
    const pidFile = join(folder, 'data/postgres/postmaster.pid');
    const lines = (await readFile(pidFile, 'utf8')).split('\n');
    await writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));

    const second = start();
    const again = await second.says();
    expect(again.wasStarted).toBe(true);
    expect(await ask(again.url, 'SELECT answer FROM kept')).toBe(42);
    await stop(second);
  });

  it('a second Lazu on the same folder fails with one line, and the first goes on', async () => {
    const first = start();
    const up = await first.says();
    const second = start();
    const { error } = await second.says();
    expect(error).toBe(
      `Another Lazu (pid ${up.pid}) uses ${join(folder, 'data')}. Stop it, or set LAZU_DATA_DIR to another folder.`,
    );
    expect(await second.ended).toBe(1);
    expect(await ask(up.url, 'SELECT 1')).toBe(1);
    await stop(first);
  });

  it('of several started at the same moment exactly one gets the folder', async () => {
    const all = [1, 2, 3, 4].map(() => start());
    const said = await Promise.all(all.map(lazu => lazu.says()));
    expect(said.filter(line => line.error === undefined)).toHaveLength(1);
    expect(said.filter(line => line.error?.startsWith('Another Lazu'))).toHaveLength(3);
    await stop(all[said.findIndex(line => line.error === undefined)]!);
  });

  it('Ctrl-C (SIGINT to the whole process group): the server outlives the draining Lazu and stops last', async () => {
    const lazu = start();
    const up = await lazu.says();
    process.kill(-lazu.child.pid!, 'SIGINT');
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(isAlive(up.serverPid)).toBe(true);
    expect(await lazu.says()).toEqual({ late: 1 });
    expect(await lazu.ended).toBe(0);
    expect(isAlive(up.serverPid)).toBe(false);
  });

  it('a server that dies under a living Lazu comes back on the same address', async () => {
    const lazu = start();
    const up = await lazu.says();
    await ask(up.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(up.serverPid, 'SIGKILL');
    const isBack = () => ask(up.url, 'SELECT answer FROM kept').then(answer => answer === 42).catch(() => false); // prettier-ignore
    expect(await waitUntil(isBack, 15_000)).toBe(true);
    const pid = Number((await readFile(join(folder, 'data/postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
    servers.add(pid);
    await stop(lazu);
    expect(isAlive(pid)).toBe(false);
    expect(lazu.stderr()).toContain('has died');
  });

  it('a start that was killed while it made the data folder is begun anew', async () => {
    await mkdir(join(folder, 'data/postgres.new/base'), { recursive: true });
    await writeFile(join(folder, 'data/postgres.new/PG_VERSION'), '18');
    const lazu = start();
    expect(await lazu.says()).toMatchObject({ wasStarted: true });
    await stop(lazu);
  });

  it('data of another PostgreSQL version is refused with one line', async () => {
    const first = start();
    await first.says();
    await stop(first);
    await writeFile(join(folder, 'data/postgres/PG_VERSION'), '16\n');
    const { error } = await start().says();
    expect(error).toMatch(/was made by PostgreSQL 16, this is PostgreSQL 18: dump and load it/);
  });

  it('runs from a 0700 folder where links were never made (npm 11 runs no postinstall) and nothing can be written', async () => {
    const native = await copyNative();
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const link of links) await rm(join(native, '..', link.target), { force: true });
    const before = await readdir(join(native, 'lib'));
    const lazu = start({ native });
    const up = await lazu.says();
    expect(await ask(up.url, 'SELECT 1')).toBe(1);
    expect(await readdir(join(native, 'lib'))).toEqual(before);
    await stop(lazu);
  });

  const asRoot = isRoot ? it : it.skip;
  const ordinary = ordinaryUser();
  const asOrdinaryUser = ordinary === undefined ? it.skip : it;
  /** A PATH without \`unshare\`: what root meets in a container that closes user namespaces. */
  const noNamespaces = '/nowhere';

  asOrdinaryUser('runs as an ordinary user from a 0700 folder of theirs', async () => {
    await mkdir(join(folder, 'home'), { mode: 0o700 });
    if (ordinary?.uid !== undefined) {
      await chmod(folder, 0o711);
      await chown(join(folder, 'home'), ordinary.uid, ordinary.uid);
    }
    const lazu = start({ dataDir: join(folder, 'home/data'), user: ordinary });
    const up = await lazu.says();
    expect(await ask(up.url, 'SELECT 1')).toBe(1);
    if (ordinary?.uid !== undefined) expect((await stat(`/proc/${up.serverPid}`)).uid).toBe(ordinary.uid);
    await stop(lazu);
    expect(lazu.stderr()).toBe('');
  });

  asRoot('runs as root with everything, the programs too, in a 0700 folder', async () => {
    const lazu = start({ native: await copyNative() });
    const up = await lazu.says();
    expect(await ask(up.url, 'SELECT 1')).toBe(1);
    await stop(lazu);
    expect(lazu.stderr()).toBe('');
  });

  asRoot('as root without namespaces runs as nobody, in place where its own folder is the only obstacle', async () => {
    await chmod(folder, 0o711);
    const native = await copyNative();
    const closed = start({ native, path: noNamespaces });
    const up = await closed.says();
    await ask(up.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect((await stat(`/proc/${up.serverPid}`)).uid).toBe(NOBODY);
    await stop(closed);
    expect(closed.stderr()).toBe('');

    const open = start({ native }); // The data of nobody, now as root again.
    expect(await ask((await open.says()).url, 'SELECT answer FROM kept')).toBe(42);
    await stop(open);
  });

  asRoot(
    'as root without namespaces in a closed folder moves to an open one, says so in one line, and finds it again',
    async () => {
      const dataDir = join(folder, 'data');
      const elsewhere = `/var/lib/lazu-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
      try {
        const native = await copyNative();
        const before = start({ dataDir, native });
        await ask((await before.says()).url, 'CREATE TABLE kept AS SELECT 42 AS answer');
        await stop(before);
        for (const path of [noNamespaces, noNamespaces, process.env['PATH']]) {
          const lazu = start({ dataDir, native, path });
          const up = await lazu.says();
          expect(await ask(up.url, 'SELECT answer FROM kept')).toBe(42);
          expect(await realpath(`/proc/${up.serverPid}/cwd`)).toBe(join(elsewhere, 'postgres'));
          await stop(lazu);
          if (path === noNamespaces)
            expect(lazu.stderr().trim().split('\n')).toEqual([expect.stringContaining(elsewhere)]);
        }
      } finally {
        await rm(elsewhere, { recursive: true, force: true });
      }
    },
  );

  async function copyNative(): Promise<string> {
    const native = join(folder, 'package/native');
    await cp(join(findNative(), '..'), join(folder, 'package'), { recursive: true, verbatimSymlinks: true });
    return native;
  }
});

interface User {
  readonly uid: number | undefined;
  /** Stands before the command. */
  readonly prefix: readonly string[];
}

/**
 * Somebody who is not root: ourselves, or nobody where nobody can read the code, or a user namespace in which we are user 1000.
 * Undefined: this machine allows none of them, and the test is named as skipped.
 */
function ordinaryUser(): User | undefined {
  if (!isRoot) return { uid: undefined, prefix: [] };
  const reads = (uid: number | undefined, prefix: string[]) => {
    const [command = '', ...rest] = [...prefix, 'test', '-r', join(packageRoot, 'package.json')];
    return spawnSync(command, rest, { uid, gid: uid, cwd: '/' }).status === 0;
  };
  if (reads(NOBODY, [])) return { uid: NOBODY, prefix: [] };
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  if (reads(undefined, prefix)) return { uid: undefined, prefix };
  if (process.env['LAZU_TEST_REQUIRE'] === 'all') throw new Error('no way to be an ordinary user on this machine');
  return undefined;
}

/** The first value of the first row. */
async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end().catch(() => undefined);
  }
}
