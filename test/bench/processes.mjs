/** Child processes of the bench: started pinned to a core, watched through /proc, always ended. Linux only. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The measured process has a core to itself; PostgreSQL, upstream and generators share the other. */
export const MEASURED_CORE = 0;
export const OTHER_CORE = 1;

const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const running = new Set();

// SIGTERM, not SIGKILL: Lazu takes its PostgreSQL down with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * @param {number} core
 * @param {string[]} command
 * @param {{env?: Record<string, string>, cwd?: string}} [options] `env` is the whole environment besides PATH and HOME
 */
export function start(core, command, { env = {}, cwd } = {}) {
  // taskset execs the command, so the pid is the process that is measured.
  const child = spawn('taskset', ['-c', String(core), ...command], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => (child.output = (child.output + text).slice(-20_000)));
  }
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const ended = child => child.exitCode !== null || child.signalCode !== null;

/**
 * Polls `ready` until it gives something, and gives that.
 * @throws with what the child printed, when it ends first or the time is up
 */
export async function until(child, what, ready, withinMs = 90_000) {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50)) {
    const result = await ready();
    if (result) return result;
    if (ended(child)) break;
  }
  throw new Error(`${what} did not get ready. It printed:\n${child.output}`);
}

/** The port of a server that prints `listening <port>`. */
export const printedPort = (child, what) =>
  until(child, what, () => Number(/listening (\d+)/.exec(child.output)?.[1]) || undefined);

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** SIGTERM, and SIGKILL for what is still there after `graceMs`. */
export async function stop(child, graceMs = 5_000) {
  if (ended(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** Fields of /proc/<pid>/stat from the third on (`man 5 proc`); the name before them may hold anything. */
function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** User and system CPU of all threads so far, in milliseconds; steps of one clock tick (10 ms). */
export function cpuMs(pid) {
  const fields = stat(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory, in bytes. */
export const rssBytes = pid => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** All processes below `pid`, in whatever session they live. */
export function descendants(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    try {
      parents.set(Number(name), Number(stat(name)[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const below = at => [...parents].filter(([, parent]) => parent === at).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Moves a running process, all its threads, and what it will fork, to a core. */
export function pin(pid, core) {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}
