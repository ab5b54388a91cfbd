import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LazuError } from '../../errors.js';

const run = promisify(execFile);

/** `nobody` by number: the name need not exist in a container. */
const NOBODY = 65534;
const NAMESPACE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

/** Under which identity, and therefore in which folders, PostgreSQL can run: it refuses to be root. */
export interface RunAs {
  /** Stands before every command. */
  readonly prefix: readonly string[];
  /** For spawn(): undefined keeps ours. */
  readonly uid: number | undefined;
  readonly native: string;
  /** Holds the data folder. */
  readonly home: string;
  /** What the operator should know, one line. */
  readonly notice?: string;
}

/**
 * As an ordinary user nothing is needed. As root a user namespace of its own makes the server see itself as nobody while it may
 * do what root's files ask; where namespaces are closed it becomes nobody for real, in folders that nobody can enter.
 */
export async function chooseRunAs(native: string, dataDir: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { prefix: [], uid: undefined, native, home: dataDir };
  const home = (await findMoved(dataDir)) ?? dataDir;
  if (await canWork(NAMESPACE, undefined, native, home, '-w'))
    return { prefix: NAMESPACE, uid: undefined, native, home };
  if (await canWork([], NOBODY, native, home, '-x')) return { prefix: [], uid: NOBODY, native, home };
  if (home === dataDir && (await couldOpen(native, home))) return { prefix: [], uid: NOBODY, native, home };
  const elsewhere = await openElsewhere(dataDir);
  await move(join(dataDir, 'postgres'), join(elsewhere, 'postgres'));
  return {
    prefix: [],
    uid: NOBODY,
    native: await copyNative(native, elsewhere),
    home: elsewhere,
    notice: `PostgreSQL may not run as root and ${dataDir} is closed to others, so the embedded database lives in ${elsewhere}`,
  };
}

/** Gives a folder tree to the identity that the server runs under; PostgreSQL insists on owning its data. */
export async function giveTo(runAs: RunAs, folder: string): Promise<void> {
  const owner = runAs.uid ?? process.getuid?.();
  if (process.getuid?.() !== 0 || owner === undefined) return;
  if ((await lstat(folder)).uid === owner) return;
  for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), owner, owner);
  await chown(folder, owner, owner); // Last: its owner says whether the tree is done.
}

/** The only obstacle may be our own folder: others may then pass through it, still without listing it. */
async function couldOpen(native: string, home: string): Promise<boolean> {
  const { mode, uid } = await stat(home);
  if (uid !== 0) return false;
  await chmod(home, (mode & 0o777) | 0o011);
  if (await canWork([], NOBODY, native, home, '-x')) return true;
  await chmod(home, mode & 0o777);
  return false;
}

async function canWork(
  prefix: readonly string[],
  uid: number | undefined,
  native: string,
  home: string,
  test: '-w' | '-x',
): Promise<boolean> {
  const [command = '', ...rest] = [
    ...prefix,
    '/bin/sh',
    '-c',
    `[ -x "$0/bin/postgres" ] && [ -r "$0/share" ] && [ ${test} "$1" ]`,
  ];
  try {
    await run(command, [...rest, native, home], { uid, gid: uid, timeout: 10_000, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

/** Open folders that stand in for a closed data folder, by its path; the second may not survive a reboot. */
const elsewhereFor = (dataDir: string): string[] =>
  ['/var/lib', tmpdir()].map(parent =>
    join(parent, `lazu-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`),
  );

async function findMoved(dataDir: string): Promise<string | undefined> {
  if (await isFolder(join(dataDir, 'postgres'))) return undefined;
  for (const folder of elsewhereFor(dataDir)) {
    if ((await isOurs(folder)) && (await isFolder(join(folder, 'postgres')))) return folder;
  }
  return undefined;
}

async function openElsewhere(dataDir: string): Promise<string> {
  for (const folder of elsewhereFor(dataDir)) {
    await mkdir(folder, { mode: 0o711 }).catch(() => undefined);
    if (await isOurs(folder)) return folder;
  }
  throw new LazuError(
    'service_unavailable',
    `Neither /var/lib nor ${tmpdir()} can be written: run Lazu as an ordinary user, or set DATABASE_URL`,
  );
}

/** Not one that somebody else laid out in /tmp. */
const isOurs = (folder: string): Promise<boolean> =>
  lstat(folder).then(
    found => found.isDirectory() && found.uid === 0,
    () => false,
  );

/** Leaves the old folder under another name, so that it is neither lost nor taken for the data in use. */
async function move(from: string, to: string): Promise<void> {
  if ((await isFolder(to)) || !(await isFolder(from))) return;
  await copyFolder(from, to);
  await rename(from, `${from}.moved`);
}

async function copyNative(native: string, home: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as { version: string };
  const target = join(home, `postgresql-${version}`, 'native');
  if (await isFolder(target)) return target;
  await mkdir(join(target, '..'), { recursive: true, mode: 0o755 });
  await copyFolder(native, target);
  return target;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await rm(`${to}.new`, { recursive: true, force: true });
  await cp(from, `${to}.new`, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await rename(`${to}.new`, to);
}

const isFolder = (path: string): Promise<boolean> =>
  lstat(path).then(
    found => found.isDirectory(),
    () => false,
  );
