import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, realpath, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LazuError } from '../../errors.js';
import { locateBinaries } from './binaries.js';
import { isAlive, processesIn, readPostmasterFile, waitUntil } from './processes.js';
import { chooseRunAs, giveTo, type RunAs } from './run-as.js';

const run = promisify(execFile);
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** A PostgreSQL data folder with what is needed to start it. */
export interface Cluster {
  readonly runAs: RunAs;
  readonly environment: Readonly<Record<string, string>>;
  /** Real path of the data folder. */
  readonly data: string;
  readonly log: string;
  readonly password: string;
}

/** Finds or makes the cluster of a LAZU_DATA_DIR. A half-made one of a killed start is thrown away. */
export async function openCluster(dataDir: string, native: string, noticed: (line: string) => void): Promise<Cluster> {
  const runAs = await chooseRunAs(native, dataDir);
  if (runAs.notice !== undefined) noticed(runAs.notice);
  const binaries = await locateBinaries(runAs.native, join(runAs.home, 'postgres-lib'));
  // Only what it needs: the environment of Lazu holds provider keys.
  const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...binaries.environment };
  const data = join(runAs.home, 'postgres');
  const isNew = !(await exists(data));
  const password = await readPassword(join(dataDir, 'postgres.password'), isNew);
  if (isNew) await initialise(runAs, environment, data, password);
  await requireVersion(runAs.native, environment, data);
  await giveTo(runAs, data);
  return { runAs, environment, data: await realpath(data), log: join(dataDir, 'postgres.log'), password };
}

async function readPassword(path: string, isNew: boolean): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined && known.trim() !== '') return known.trim();
  if (!isNew)
    throw new LazuError(
      'service_unavailable',
      `${path} is missing; put it back, or remove the postgres folder beside it`,
    );
  const password = randomBytes(24).toString('hex');
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  return password;
}

async function initialise(runAs: RunAs, env: Record<string, string>, data: string, password: string): Promise<void> {
  const unfinished = `${data}.new`;
  const passwordFile = `${data}.new.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (runAs.uid !== undefined) for (const path of [unfinished, passwordFile]) await chown(path, runAs.uid, runAs.uid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=lazu', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const [command, ...rest] = [
    ...runAs.prefix,
    join(runAs.native, 'bin/initdb'),
    '-D',
    unfinished,
    ...access,
    ...locale,
  ];
  try {
    await run(command!, rest, { env, cwd: '/', uid: runAs.uid, gid: runAs.uid });
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? cause).trim();
    throw new LazuError('service_unavailable', `The embedded PostgreSQL could not be set up: ${said}`, { cause });
  } finally {
    await unlink(passwordFile).catch(() => undefined);
  }
  await rename(unfinished, data);
}

async function requireVersion(native: string, env: Record<string, string>, data: string): Promise<void> {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(join(native, 'bin/postgres'), ['--version'], { env, cwd: '/' });
  const ours = /(\d+)[.\w]*\s*$/.exec(stdout)?.[1] ?? '';
  if (made !== ours) {
    throw new LazuError(
      'service_unavailable',
      `${data} was made by PostgreSQL ${made}, this is PostgreSQL ${ours}: dump and load it (pg_dump), or set DATABASE_URL`,
    );
  }
}

/** A server that already runs on this data, left by a killed Lazu; one that is just stopping is waited for. */
export async function findRunning(cluster: Cluster): Promise<{ pid: number; port: number } | undefined> {
  const file = await readPostmasterFile(cluster.data);
  if (file !== undefined && (await isOurs(file.pid, cluster.data))) {
    const settled = await waitUntil(async () => {
      const now = await readPostmasterFile(cluster.data);
      return now === undefined || !isAlive(file.pid) || now.status === 'ready';
    }, 120_000);
    if (!settled)
      throw new LazuError(
        'service_unavailable',
        `PostgreSQL (pid ${file.pid}) neither starts nor stops, see ${cluster.log}`,
      );
    const ready = await readPostmasterFile(cluster.data);
    if (ready?.status === 'ready' && isAlive(ready.pid)) return { pid: ready.pid, port: ready.port };
  }
  // Children of a killed postmaster end by themselves; a new server beside them would ruin the data.
  const left = await waitUntil(async () => (await processesIn(cluster.data)).length === 0, 30_000);
  if (!left)
    throw new LazuError(
      'service_unavailable',
      `PostgreSQL processes of a dead server still use ${cluster.data}; stop them`,
    );
  // The number in a stale file may by now be another program's, which PostgreSQL takes for a rival. Proved otherwise on Linux only.
  if (process.platform === 'linux') await unlink(join(cluster.data, 'postmaster.pid')).catch(() => undefined);
  return undefined;
}

async function isOurs(pid: number, data: string): Promise<boolean> {
  return process.platform === 'linux' ? (await processesIn(data)).includes(pid) : isAlive(pid);
}

/** How a server is to run. */
export interface LaunchOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** A session of its own. */
  readonly detached: boolean;
  /** Undefined: any that is free. */
  readonly port?: number;
}

/** Starts the server in a session of its own, so that Ctrl-C does not reach it before it reaches us. */
export async function launch(cluster: Cluster, options: LaunchOptions): Promise<{ pid: number; port: number }> {
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort());
    const said = await tryLaunch(cluster, { ...options.settings, port: String(port) }, options.detached);
    if (typeof said === 'number') return { pid: said, port };
    if (tries === 3 || !/in use/.test(said)) {
      throw new LazuError('service_unavailable', `The embedded PostgreSQL did not start (${cluster.log}): ${said}`);
    }
  }
}

/** @returns the server's pid, or what it said before it ended */
async function tryLaunch(
  cluster: Cluster,
  settings: Record<string, string>,
  detached: boolean,
): Promise<number | string> {
  const { runAs } = cluster;
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, ...rest] = [...runAs.prefix, join(runAs.native, 'bin/postgres'), '-D', cluster.data, ...options];
  const before = await stat(cluster.log).catch(() => undefined);
  if (before !== undefined && before.size > LOG_LIMIT_BYTES) await rename(cluster.log, `${cluster.log}.1`);
  // A file, not a pipe: a server that outlives us must be able to go on writing.
  const log = await open(cluster.log, 'a', 0o600);
  const from = (await log.stat()).size;
  try {
    const stdio = ['ignore', log.fd, log.fd] as const;
    const child = spawn(command!, rest, {
      env: cluster.environment,
      cwd: '/',
      detached,
      stdio: [...stdio],
      uid: runAs.uid,
      gid: runAs.uid,
    });
    let failure: string | undefined;
    child.once('error', error => (failure = error.message));
    child.once('exit', (code, signal) => (failure ??= `ended with ${signal ?? code}`));
    child.unref();
    let pid: number | undefined;
    await waitUntil(async () => {
      const file = await readPostmasterFile(cluster.data);
      if (file?.status === 'ready' && file.port === Number(settings['port'])) pid = file.pid;
      return pid !== undefined || failure !== undefined;
    }, 120_000);
    return pid ?? `${failure ?? 'not ready after two minutes'}: ${await readFrom(cluster.log, from)}`;
  } finally {
    await log.close();
  }
}

async function readFrom(path: string, offset: number): Promise<string> {
  const text = (await readFile(path)).subarray(offset).toString();
  return text.trim().split('\n').slice(-5).join(' | ');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
