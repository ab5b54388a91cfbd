/** What has to be there before anything is measured. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { haveWrk } from './load/wrk.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
export const root = fileURLToPath(new URL('../..', import.meta.url));

export class NotPossible extends Error {}

function have(command) {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @throws NotPossible, saying what to install for these rows */
export function checkMachine(rows) {
  if (process.platform !== 'linux') throw new NotPossible('The bench reads CPU time from /proc: run it on Linux.');
  if (!have('taskset')) throw new NotPossible('taskset is missing: apt-get install util-linux');
  if (rows.some(row => row.load === 'wrk') && !haveWrk()) throw new NotPossible('wrk is missing: apt-get install wrk');
  if (availableParallelism() < 2)
    throw new NotPossible('Two cores are needed: one for what is measured, one for the rest.');
}

const npm = (...args) => execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

export function install() {
  if (!existsSync(`${here}node_modules/@portkey-ai/gateway`)) npm('ci', '--no-audit', '--no-fund', '--prefix', here);
}

export const build = () => npm('run', '--silent', 'build');
