import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';

const OWNER = 'owner.json';
/** A directory whose owner runs elsewhere (another host or container on the same volume) is an orphan after so long a silence. */
const SILENT_MS = 60_000;

/** Who writes a journal directory. */
interface Owner {
  /** Where a pid means something: host, boot and pid namespace. */
  readonly place: string;
  readonly pid: number;
  /** A pid is given out again; its start time is not. Empty where the system does not tell. */
  readonly started: string;
}

/** Makes `<root>/<ULID>` with its owner file inside before anybody can see it. @returns its path */
export function makeOwnDirectory(root: string): string {
  const id = ulid();
  const hidden = join(root, `.${id}`);
  mkdirSync(hidden, { recursive: true, mode: 0o700 });
  const owner: Owner = { place: place(), pid: process.pid, started: startOf(process.pid) };
  writeFileSync(join(hidden, OWNER), JSON.stringify(owner));
  renameSync(hidden, join(root, id));
  return join(root, id);
}

/** Says that the owner lives, to those who cannot look up its pid. */
export function beat(directory: string): void {
  const now = new Date();
  attempt(() => (utimesSync(join(directory, OWNER), now, now), ''));
}

/** Gives the directory up: whoever looks next may claim it. */
export function disown(directory: string): void {
  rmSync(join(directory, OWNER), { force: true });
}

/**
 * Moves the directories of dead processes into our own by rename, which only one claimer can win. If we die before they are
 * recorded, they go on inside ours to whoever claims that.
 * @returns their new paths, oldest first
 */
export function claimOrphans(root: string, own: string): string[] {
  const claimed: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith('.') || path === own || ownerLives(path)) continue;
    const target = join(own, entry.name);
    try {
      renameSync(path, target);
      claimed.push(target);
    } catch {
      // Another process was faster.
    }
  }
  return claimed.sort();
}

function ownerLives(directory: string): boolean {
  const path = join(directory, OWNER);
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Owner;
    if (owner.place !== place()) return Date.now() - statSync(path).mtimeMs < SILENT_MS;
    return isRunning(owner.pid) && startOf(owner.pid) === owner.started;
  } catch {
    return false; // no owner file: given up in an orderly way
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function place(): string {
  return [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ');
}

/**
 * Field 22 of /proc/<pid>/stat, counted behind the command, which may hold spaces: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 * A zombie (field 3) has ended; in a container nobody may ever reap it.
 */
function startOf(pid: number): string {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  });
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
