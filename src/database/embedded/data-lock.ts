import { randomUUID } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazuError } from '../../errors.js';
import { processIdentity } from './processes.js';

interface Holder {
  readonly pid: number;
  readonly identity: string;
  readonly host: string;
  readonly token: string;
}

const BEAT_MS = 5_000;
/** A holder on another host (two containers, one volume) cannot be looked up by its pid; its beat tells. */
const FOREIGN_STALE_MS = 3 * BEAT_MS;
/** For others who are at a stale file just now. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 20;

/** One Lazu per data folder: a file that names its holder; a dead holder's file is taken over. */
export class DataLock {
  readonly #path: string;
  readonly #token: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
    this.#beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), BEAT_MS).unref();
  }

  /** @throws LazuError in one line when a living Lazu holds the folder */
  static async acquire(dataFolder: string): Promise<DataLock> {
    const path = join(dataFolder, 'lazu.lock');
    const token = randomUUID();
    const mine = `${path}.${token}`;
    const holder: Holder = { pid: process.pid, identity: processIdentity(process.pid) ?? '', host: hostname(), token };
    await writeFile(mine, JSON.stringify(holder), { mode: 0o600 });
    try {
      for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(RETRY_MS)) {
        // link() is atomic and fails on an existing file, and the file is whole from its first moment.
        if (await linked(mine, path)) return new DataLock(path, token);
        await removeIfStale(dataFolder, path, mine);
        if (await linked(mine, path)) return new DataLock(path, token);
      }
    } finally {
      await unlink(mine).catch(() => undefined);
    }
    throw new LazuError('service_unavailable', `${path} changes hands all the time; stop the other Lazu processes`);
  }

  /** Synchronous, so that it also works while the process exits. */
  release(): void {
    clearInterval(this.#beat);
    try {
      if ((JSON.parse(readFileSync(this.#path, 'utf8')) as Holder).token === this.#token) unlinkSync(this.#path);
    } catch {
      // Gone already, for example with the whole data folder.
    }
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @throws LazuError when a living Lazu holds the folder */
async function removeIfStale(dataFolder: string, path: string, mine: string): Promise<void> {
  const found = await readHolder(path);
  if (found === 'gone') return;
  if (found !== 'unreadable' && (await isHeld(found, path))) {
    const who = found.host === hostname() ? `pid ${found.pid}` : `host ${found.host}`;
    throw new LazuError(
      'service_unavailable',
      `Another Lazu (${who}) uses ${dataFolder}. Stop it, or set LAZU_DATA_DIR to another folder.`,
    );
  }
  // Of several that see this stale file one may remove it, once: what another has put in its place meanwhile must stay.
  const claim = `${path}.${found === 'unreadable' ? found : found.token}.stale`;
  if (!(await linked(mine, claim))) {
    const claimant = await readHolder(claim);
    if (claimant === 'gone' || (claimant !== 'unreadable' && (await isHeld(claimant, claim)))) return;
    return unlink(claim).catch(() => undefined); // it died over it
  }
  try {
    const now = await readHolder(path);
    if (tokenOf(now) === tokenOf(found)) await unlink(path).catch(() => undefined);
  } finally {
    await unlink(claim).catch(() => undefined);
  }
}

const tokenOf = (holder: Holder | 'gone' | 'unreadable'): string =>
  typeof holder === 'string' ? holder : holder.token;

async function isHeld(holder: Holder, path: string): Promise<boolean> {
  if (holder.host === hostname()) return processIdentity(holder.pid) === holder.identity;
  const seen = await stat(path).catch(() => undefined);
  return seen !== undefined && Date.now() - seen.mtimeMs < FOREIGN_STALE_MS;
}

async function readHolder(path: string): Promise<Holder | 'gone' | 'unreadable'> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unreadable';
  }
}
